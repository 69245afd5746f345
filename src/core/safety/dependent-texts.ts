import { CAPABILITIES } from '../model/dialect.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { SchemaAction } from './action.ts';

interface Text {
  what: string;
  /** In lower case. */
  names: ReadonlySet<string>;
  /** The table of a trigger. */
  of?: string;
}

/** Views and triggers with the names in their texts: a database may store them as text only. */
export function knownTexts(snapshot: Snapshot | undefined) {
  const texts = new Map<string, Text>();
  if (snapshot !== undefined && CAPABILITIES[snapshot.dialect].textDependents) {
    for (const { name, definition } of snapshot.views) texts.set(name, text(`view ${name}`, wordsOf(definition)));
    for (const { name: of, triggers } of snapshot.tables) {
      for (const { name, definition } of triggers) {
        texts.set(name, { ...text(`trigger ${name}`, wordsOf(definition)), of });
      }
    }
  }
  return {
    /** Those that contain both names: `view open_orders`. */
    dependentsOf: (table: string, column: string): string[] =>
      [...texts.values()]
        .filter(({ names }) => names.has(table.toLowerCase()) && names.has(column.toLowerCase()))
        .map(({ what }) => what),
    apply(action: SchemaAction): void {
      switch (action.kind) {
        case 'createView':
          if (action.mentions) texts.set(action.view.name, text(`view ${action.view.name}`, action.mentions));
          return;
        case 'createTrigger': {
          if (!action.mentions) return;
          texts.set(action.name, { ...text(`trigger ${action.name}`, action.mentions), of: action.table.name });
          return;
        }
        case 'dropObject':
          texts.delete(action.name);
          return;
        case 'dropTable':
          for (const [name, { of }] of texts) if (of === action.table.name) texts.delete(name);
      }
    },
  };
}

/** The words of an SQL text, in lower case: names and other words. */
export function wordsOf(sql: string): string[] {
  return sql.toLowerCase().match(/[\p{L}_][\p{L}\p{Nd}_$]*/gu) ?? [];
}

function text(what: string, names: readonly string[]): Text {
  return { what, names: new Set(names) };
}
