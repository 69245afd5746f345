import { hostname, userInfo } from 'node:os';

/** Name of the lock holder, shown to runs that wait for the lock. In a pod the host name is the name of the pod. */
export function holder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  if (env.KUBERNETES_SERVICE_HOST !== undefined || env.DB_MANAGER_POD !== undefined) {
    return `pod/${env.DB_MANAGER_POD ?? hostname()}`;
  }
  return `${userName()}@${hostname()} (process ${process.pid})`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown'; // a user id without an entry in /etc/passwd, usual in containers
  }
}
