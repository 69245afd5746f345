import { writeSync } from 'node:fs';

/** A line without an end is written at this length, in characters. */
const LONGEST = 65_536;

/** The parts of a process that are changed here. */
interface Output {
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  on(event: 'exit', listener: () => void): unknown;
}

/**
 * Masks secrets in everything that is written to standard output and standard error from now on. It works line by line,
 * so that a secret that is written in two pieces is found. Output of native code is not masked.
 */
export function maskOutput(output: Output, mask: (text: string) => string): void {
  for (const [stream, descriptor] of [
    [output.stdout, 1],
    [output.stderr, 2],
  ] as const) {
    const write = stream.write.bind(stream);
    let rest = '';
    let ending = false;
    const decoder = new TextDecoder();
    stream.write = ((
      chunk: string | Uint8Array,
      encoding?: BufferEncoding | ((error?: Error | null) => void),
      callback?: (error?: Error | null) => void,
    ) => {
      const done = typeof encoding === 'function' ? encoding : callback;
      const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
      if (ending) {
        // Later exit handlers have no next line.
        writeSync(descriptor, mask(text));
        return true;
      }
      const end = text.lastIndexOf('\n') + 1;
      const whole = end === 0 ? '' : rest + text.slice(0, end);
      rest = end === 0 ? rest + text : text.slice(end);
      if (rest.length <= LONGEST) return write(mask(whole), done);
      const long = rest;
      rest = '';
      return write(mask(whole + long), done);
    }) as typeof stream.write;
    output.on('exit', () => {
      ending = true;
      if (rest !== '') writeSync(descriptor, mask(rest));
    });
  }
}
