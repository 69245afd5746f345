/** Sizes of the tests of failures: a developer's run, CI, and the long form (`DB_MANAGER_FAULTS=long`). */
interface Sizes<Size> {
  developer: Size;
  ci: Size;
  long: Size;
}

export function sizeFor<Size>({ developer, ci, long }: Sizes<Size>): Size {
  if (process.env.DB_MANAGER_FAULTS === 'long') return long;
  return process.env.CI === 'true' ? ci : developer;
}
