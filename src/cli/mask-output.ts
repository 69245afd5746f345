import { writeSync } from 'node:fs';

/** A line that does not end is let go at this length, in characters. */
const LONGEST = 65_536;

/** Of a process, what is changed here. */
interface Output {
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  on(event: 'exit', listener: () => void): unknown;
}

/**
 * From now on what is written to standard output and error has its secrets masked, line by line, so that one that is
 * written in two pieces is seen. What native code writes by itself is not.
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
        // Who listens to the exit after us has no next line.
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
