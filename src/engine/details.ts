import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunRequest } from '../core/model/request.ts';
import type { RunDetails } from '../core/model/run-details.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import { compareSnapshots } from '../core/schema/compare.ts';
import { diagramOfChange } from '../core/schema/diagram/diagram.ts';
import { type Difference, subject } from '../core/schema/difference.ts';
import type { Connected, Rehearsed, RunState, SentTexts } from './state.ts';

/** Characters of one file and of all files of a page: a page is for reading. */
const LONGEST_FILE = 100_000;
const ALL_FILES = 2_000_000;

/** The same for a run whose migrations are not files of ours. */
export function detailsOfSources(state: Partial<Connected & Rehearsed & SentTexts>): RunDetails {
  let left = ALL_FILES;
  const sources = (state.sources ?? []).map((source) => {
    const text = source.text.slice(0, Math.min(LONGEST_FILE, left));
    left -= text.length;
    return { ...source, text, ...(text.length < source.text.length ? { cut: source.text.length - text.length } : {}) };
  });
  return { ...aroundOf(state), sources };
}

/** What the page of a run needs in addition to the report. A file that cannot be read is left out: a page must not fail a run. */
export async function detailsOf({ migrations: place }: RunRequest, state: Partial<RunState>): Promise<RunDetails> {
  const sources: RunDetails['sources'] = [];
  let left = ALL_FILES;
  let more = 0;
  for (const { revision, files } of state.migrations ?? []) {
    for (const file of files) {
      const text = left > 0 ? await readFile(join(place.path, file), 'utf8').catch(() => undefined) : undefined;
      if (text === undefined) {
        more += 1;
        continue;
      }
      const kept = text.slice(0, Math.min(LONGEST_FILE, left));
      left -= kept.length;
      sources.push({
        revision,
        file,
        text: kept,
        ...(kept.length < text.length ? { cut: text.length - kept.length } : {}),
      });
    }
  }
  return { ...aroundOf(state), sources, ...(more > 0 ? { moreSources: more } : {}) };
}

function aroundOf({ database, schemas }: Partial<Connected & Rehearsed>): Pick<RunDetails, 'dialect' | 'schema'> {
  return {
    ...(database === undefined ? {} : { dialect: database.dialect }),
    ...(schemas === undefined ? {} : { schema: changeOf(schemas) }),
  };
}

function changeOf({ before, after }: { before: Snapshot; after: Snapshot }): NonNullable<RunDetails['schema']> {
  const { boxes, lines } = diagramOfChange(before, after);
  const changed = new Set(boxes.flatMap(({ name, mark }) => (mark === 'same' ? [] : [name])));
  const drawn = new Set([...changed, ...lines.flatMap(({ from, to }) => (changed.has(from) ? [to] : []))]);
  return {
    diagram: {
      boxes: boxes.filter(({ name }) => drawn.has(name)),
      lines: lines.filter(({ from, to }) => drawn.has(from) && drawn.has(to)),
    },
    changes: compareSnapshots(after, before, { names: 'exact' }).map(describeChange),
  };
}

/** The comparison reports what the first schema lacks; here the first schema is that of the migrations. */
function describeChange(difference: Difference) {
  const { kind, property, expected, found } = difference;
  const what = subject(difference);
  switch (kind) {
    case 'missing':
      return { what, before: 'absent', after: expected ?? 'created' };
    case 'extra':
      return { what, before: found ?? 'present', after: 'dropped' };
    case 'changed':
      return { what: `${what}: ${property}`, before: found ?? 'none', after: expected ?? 'none' };
  }
}
