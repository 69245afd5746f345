import { registerHooks } from 'node:module';

/** What migrations and models may import although their folder (a ConfigMap, a volume) has no node_modules. */
const BUNDLED_PACKAGES = new Set(['sequelize', 'umzug', 'pg']);

let lending = false;

/**
 * Resolves an import of one of db-manager's packages from a folder without packages to our copy. Packages of the folder
 * itself are preferred: ours are used only if the import would fail.
 */
export function lendPackages(): void {
  if (lending) return;
  lending = true;
  registerHooks({
    resolve(specifier, context, next) {
      try {
        return next(specifier, context);
      } catch (error) {
        if (!BUNDLED_PACKAGES.has(specifier)) throw error;
        return next(specifier, { ...context, parentURL: import.meta.url });
      }
    },
  });
}
