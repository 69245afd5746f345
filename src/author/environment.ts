/** Variables with new values; undefined removes one. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * While code runs, the variables of the process that lead to the target lead to the database that the code runs on, or
 * are removed: a connection of its own, or a program that it starts, must not reach the target while the code is only
 * recorded or rehearsed.
 */
export async function withVariables<T>(variables: Variables, work: () => Promise<T>): Promise<T> {
  const { env } = process;
  const before = Object.keys(variables).map((name) => [name, env[name]] as const);
  set(Object.entries(variables));
  try {
    return await work();
  } finally {
    set(before);
  }
}

function set(variables: readonly (readonly [string, string | undefined])[]): void {
  for (const [name, value] of variables) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}
