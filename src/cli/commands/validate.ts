import { defineCommand } from '../command.ts';
import { rehearsalServerOption } from '../options.ts';
import { print } from '../output/print.ts';

/** Exit 3 if the schema differs from the expected schema. */
export const validate = defineCommand({
  name: 'validate',
  group: 'From a model to a migration:',
  summary: 'compare the schema with the models, or with a replay of the migrations',
  examples: ['db-manager validate', 'db-manager validate --models ./models -v'],
  configure: (command) => command.addOption(rehearsalServerOption()),
  async action(options, io) {
    const { keepYoungObjectsSmall } = await import('../young-objects.ts');
    keepYoungObjectsSmall();
    const { validateSchema } = await import('../../library/schema.ts');
    const { renderValidation } = await import('../output/validation.ts');
    const result = await validateSchema(options);
    print(io, options, result, (found) => renderValidation(found, options.verbose));
    if (!result.valid) io.setExitCode(3);
  },
});
