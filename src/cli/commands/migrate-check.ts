import { defineCommand } from '../command.ts';
import { print } from '../output/print.ts';

/** Exit 3 if models and migrations differ. */
export const migrateCheck = defineCommand({
  name: 'migrate check',
  group: 'From a model to a migration:',
  summary: 'compare models and migrations; exit 3 if they differ',
  examples: ['db-manager migrate check --models ./models'],
  async action(options, io) {
    const { keepYoungObjectsSmall } = await import('../young-objects.ts');
    keepYoungObjectsSmall();
    const { checkModels } = await import('../../library/schema.ts');
    const { renderValidation } = await import('../output/validation.ts');
    const result = await checkModels(options);
    print(io, options, result, renderValidation);
    if (!result.valid) io.setExitCode(3);
  },
});
