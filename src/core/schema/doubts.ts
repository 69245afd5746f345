import type { Column, Index, Snapshot, Table } from '../model/snapshot.ts';
import { changedProperties } from './columns.ts';
import { keyOf } from './names.ts';
import { type Spelling, spellingOf } from './normalizer.ts';

/** Two texts with different spellings that may have the same meaning; the database itself can decide. */
export interface Doubt {
  expected: string;
  found: string;
  /** The column's type, if the texts are its defaults. */
  type?: string;
  /** Set if the texts are conditions or expressions over the columns of a table. */
  table?: { schema: string; name: string };
}

/** A table with more different conditions than this counts as different; checking all pairs would take long. */
const MOST_PAIRS = 100;

/** The questions for the database: texts at the same place with different spellings, each pair once. */
export function doubtsOf(expected: Snapshot, found: Snapshot): Doubt[] {
  const normalizer = spellingOf(expected);
  const tables = new Map(found.tables.map((table) => [keyOf(table), table]));
  const doubts = expected.tables.flatMap((table) => {
    const other = tables.get(keyOf(table));
    return other === undefined
      ? []
      : [...columnDoubts(normalizer, table, other), ...textDoubts(normalizer, table, other)];
  });
  return [...new Map(doubts.map((doubt) => [doubtKey(doubt), doubt])).values()];
}

/** `expected`, with the text that was found where the database confirms that both mean the same. */
export function inFoundWords(expected: Snapshot, same: readonly Doubt[]): Snapshot {
  if (same.length === 0) return expected;
  const confirmed = new Map(same.map(({ found, ...doubt }) => [placeKey(doubt), found]));
  return { ...expected, tables: expected.tables.map((table) => rewrittenTable(table, confirmed)) };
}

function columnDoubts(normalizer: Spelling, expected: Table, found: Table): Doubt[] {
  const others = new Map(found.columns.map((column) => [column.name, column]));
  return expected.columns.flatMap((column): Doubt[] => {
    const other = others.get(column.name);
    if (other === undefined) return [];
    const changed = changedProperties(normalizer, column, other);
    if (changed.includes('type')) return [];
    if (changed.includes('default') && column.default !== undefined && other.default !== undefined)
      return [{ expected: column.default, found: other.default, type: column.type }];
    if (changed.includes('generated') && column.generated && other.generated)
      return [{ expected: column.generated.expression, found: other.generated.expression, table: placeOf(expected) }];
    return [];
  });
}

/** Conditions and expressions have no name that both sides share, so each may be any of the other side's. */
function textDoubts(normalizer: Spelling, expected: Table, found: Table): Doubt[] {
  return [
    ...pairs(normalizer, expected, checksOf(expected), checksOf(found)),
    ...pairs(normalizer, expected, wheresOf(expected), wheresOf(found)),
    ...pairs(normalizer, expected, expressionsOf(expected), expressionsOf(found)),
  ];
}

function pairs(normalizer: Spelling, table: Table, expected: readonly string[], found: readonly string[]): Doubt[] {
  const there = new Set(found.map(normalizer.expression));
  const wanted = new Set(expected.map(normalizer.expression));
  const left = expected.filter((text) => !there.has(normalizer.expression(text)));
  const right = found.filter((text) => !wanted.has(normalizer.expression(text)));
  const all = left.flatMap((one) => right.map((other) => ({ expected: one, found: other, table: placeOf(table) })));
  return all.slice(0, MOST_PAIRS);
}

const placeOf = ({ schema, name }: Table) => ({ schema, name });
const checksOf = ({ checks }: Table) => checks.map(({ expression }) => expression);
const wheresOf = ({ indexes }: Table) => indexes.flatMap(({ where }) => (where === undefined ? [] : [where]));
const expressionsOf = ({ indexes }: Table) =>
  indexes.flatMap(({ parts }) => parts.flatMap((part) => ('expression' in part ? [part.expression] : [])));

function doubtKey({ found, ...doubt }: Doubt): string {
  return `${placeKey(doubt)}\0${found}`;
}

function placeKey({ expected, type, table }: Omit<Doubt, 'found'>): string {
  return `${table === undefined ? `default of ${type}` : keyOf(table)}\0${expected}`;
}

function rewrittenTable(table: Table, confirmed: ReadonlyMap<string, string>): Table {
  const rewritten = (text: string) => confirmed.get(placeKey({ expected: text, table })) ?? text;
  return {
    ...table,
    columns: table.columns.map((column) => rewrittenColumn(column, rewritten, confirmed)),
    checks: table.checks.map((check) => ({ ...check, expression: rewritten(check.expression) })),
    indexes: table.indexes.map((index) => rewrittenIndex(index, rewritten)),
  };
}

function rewrittenColumn(
  column: Column,
  rewritten: (text: string) => string,
  confirmed: ReadonlyMap<string, string>,
): Column {
  const { default: text, generated, type } = column;
  return {
    ...column,
    ...(text === undefined ? {} : { default: confirmed.get(placeKey({ expected: text, type })) ?? text }),
    ...(generated === undefined ? {} : { generated: { ...generated, expression: rewritten(generated.expression) } }),
  };
}

function rewrittenIndex(index: Index, rewritten: (text: string) => string): Index {
  return {
    ...index,
    ...(index.where === undefined ? {} : { where: rewritten(index.where) }),
    parts: index.parts.map((part) =>
      'expression' in part ? { ...part, expression: rewritten(part.expression) } : part,
    ),
  };
}
