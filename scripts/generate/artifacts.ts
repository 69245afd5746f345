import { stringify } from 'yaml';
import { customResourceDefinition } from './crd.ts';
import { reasonsPage } from './reasons.ts';
import { referencePage } from './reference.ts';

export interface Artifact {
  /** Relative to the repository's root. */
  path: string;
  text: string;
}

const NOTE = 'Generated from src/core/model by `npm run generate`; do not edit.';

/** Every generated file with the text that it has to have. */
export function artifacts(): Artifact[] {
  const definition = customResourceDefinition();
  return [
    {
      path: `crds/${definition.metadata.name}.yaml`,
      text: `# ${NOTE}\n${stringify(definition, { lineWidth: 120, aliasDuplicateObjects: false })}`,
    },
    { path: 'docs/reasons.md', text: reasonsPage(NOTE) },
    { path: 'docs/reference.md', text: referencePage(NOTE) },
  ];
}
