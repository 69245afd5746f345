import { ProblemError } from './core/model/problem.ts';

/**
 * Throws ProblemError InvalidConfiguration, with the command that installs them, if some of the packages are missing. They
 * are optional peer dependencies: they are large, and most users do not need them.
 */
export function requirePackages(what: string, names: readonly string[]): void {
  const missing = names.filter((name) => !isInstalled(name)).join(' ');
  if (missing === '') return;
  throw new ProblemError({
    reason: 'InvalidConfiguration',
    message: `${what} needs optional packages, which are not installed next to db-manager. Run: npm install ${missing}`,
  });
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}
