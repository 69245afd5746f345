import type { MigrationPiece, SourceFile } from './format.ts';

/** A line of a file that a format reads as a command, for example `-- migrate:up`. */
export interface Marker {
  /** Line from 1. */
  line: number;
  /** The first group of the pattern, in lower case; the rest is the second group. */
  name: string;
  rest: string;
  /** Offsets of the line in the text; the end is after its newline. */
  start: number;
  end: number;
}

/** Lines that match; the pattern has the sticky-free flags `im` and two groups: the command and what follows it. */
export function findMarkers(text: string, pattern: RegExp): Marker[] {
  const markers: Marker[] = [];
  let line = 1;
  let start = 0;
  for (const content of text.split('\n')) {
    const match = pattern.exec(content);
    const end = start + content.length + 1;
    if (match?.[1] !== undefined) {
      const rest = (match[2] ?? '').trim();
      markers.push({ line, name: match[1].toLowerCase(), rest, start, end: Math.min(end, text.length) });
    }
    line += 1;
    start = end;
  }
  return markers;
}

/** The text between two places as a piece that knows its line. */
export function pieceOf({ file, text }: SourceFile, start: number, end: number, line: number): MigrationPiece {
  return { file, text: text.slice(start, end), line };
}

/** The line of the first thing that is neither blank nor a `--` comment; undefined where there is none. */
export function firstCodeLine(text: string): number | undefined {
  const index = text.split('\n').findIndex((line) => !/^\s*(?:--.*)?$/.test(line));
  return index < 0 ? undefined : index + 1;
}
