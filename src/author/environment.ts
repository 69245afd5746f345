/**
 * While code runs, the process's DATABASE_URL is the URL of the database that the code runs on: a connection of its own,
 * or a program that it starts, must not reach the target while the code is only recorded or rehearsed. Undefined removes
 * the variable. If the variable was not set, it stays unset.
 */
export async function withDatabaseUrl<T>(url: string | undefined, work: () => Promise<T>): Promise<T> {
  const { env } = process;
  const before = env.DATABASE_URL;
  if (before === undefined || before === url) return work();
  if (url === undefined) delete env.DATABASE_URL;
  else env.DATABASE_URL = url;
  try {
    return await work();
  } finally {
    env.DATABASE_URL = before;
  }
}
