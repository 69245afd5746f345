/** Specifiers of files of the project: relative, absolute, and the aliases of a package.json. */
const OWN = String.raw`(\.{1,2}(?:\/[^'"\`]*)?|\/[^'"\`]*|file:[^'"\`]*|#[^'"\`]*)`;

const WAYS = [
  // import x from './x', export * from './x', import './x'; types are removed before the module runs.
  new RegExp(String.raw`\b(?:import|export)(?!\s+type\s)\s*(?:[^'"\`;()]*?\bfrom\s*)?(['"])${OWN}\1`, 'g'),
  // import('./x'), require('./x'), require.resolve('./x')
  new RegExp(String.raw`\b(?:import|require(?:\.resolve)?)\s*\(\s*(['"\`])${OWN}\1`, 'g'),
];

/** Files next to the module are read through its own place. */
const PLACE = /\b(?:__dirname|__filename|import\.meta\.(?:url|dirname|filename))\b/g;

/**
 * What the code of a migration needs from other files of the project, as it is written there, each once. Such code
 * cannot run from its own text alone. Packages do not count.
 */
export function ownImports(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, ' ').replace(/^[ \t]*\/\/.*$/gm, '');
  const found = WAYS.flatMap((way) => [...code.matchAll(way)].map((match) => match[2] ?? ''));
  const places = [...code.matchAll(PLACE)].map(([place]) => place);
  return [...new Set([...found, ...places])];
}
