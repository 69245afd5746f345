/**
 * Sizes of tests: a developer's run, CI, and the long form (`DB_MANAGER_FAULTS=long`). A developer's run makes each claim
 * with fewer cases; CI is where all of them run.
 */
interface Sizes<Size> {
  developer: Size;
  ci: Size;
  long: Size;
}

export function sizeFor<Size>({ developer, ci, long }: Sizes<Size>): Size {
  if (process.env.DB_MANAGER_FAULTS === 'long') return long;
  return process.env.CI === 'true' ? ci : developer;
}

/** All cases of a table in CI and in the long form; in a developer's run so many, spread evenly over the table. */
export function casesFor<Case>(cases: readonly Case[], developer: number): Case[] {
  const count = sizeFor({ developer: Math.min(developer, cases.length), ci: cases.length, long: cases.length });
  return Array.from({ length: count }, (_, index) => cases[Math.floor((index * cases.length) / count)] as Case);
}
