/**
 * While code runs, DATABASE_URL of the process is that of the database it runs on: a connection of its own, or a program
 * that it starts, must not reach the target while the code is only recorded or rehearsed. Undefined takes it away. Where
 * it was not set it stays so.
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
