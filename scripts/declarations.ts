import { mkdirSync, writeFileSync } from 'node:fs';
import { posix } from 'node:path';
import ts from 'typescript';

const INDEX = 'src/index.ts';

/**
 * Writes the declarations of the library below `folder`: of `src/index.ts`, and of what these name. Nine of ten modules
 * are not among them and cannot be imported. Types are not checked: `npm run typecheck` does that, and takes longer.
 */
export function writeDeclarations(folder: string): void {
  const config = ts.readConfigFile('tsconfig.build.json', ts.sys.readFile).config as object;
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, process.cwd());
  const program = ts.createProgram([INDEX], { ...options, outDir: folder, noCheck: true });
  const written = new Set<string>();
  const waiting = [INDEX];
  for (let module = waiting.pop(); module !== undefined; module = waiting.pop()) {
    if (written.has(module)) continue;
    written.add(module);
    waiting.push(...namedBy(emit(program, module), module));
  }
}

/** Writes the declarations of one module, and returns their text. */
function emit(program: ts.Program, module: string): string {
  let declarations = '';
  const file = program.getSourceFile(module);
  const { diagnostics } = program.emit(
    file,
    (name, text) => {
      declarations += text;
      mkdirSync(posix.dirname(name), { recursive: true });
      writeFileSync(name, text);
    },
    undefined,
    true,
  );
  if (file === undefined || diagnostics.length > 0 || declarations === '') {
    const why = diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
    throw new Error(`the declarations of ${module} cannot be written: ${why.join('\n') || 'there are none'}`);
  }
  return declarations;
}

function namedBy(declarations: string, module: string): string[] {
  return ts
    .preProcessFile(declarations)
    .importedFiles.map(({ fileName }) => fileName)
    .filter((name) => name.startsWith('.'))
    .map((name) => posix.join(posix.dirname(module), name.replace(/\.js$/, '.ts')));
}
