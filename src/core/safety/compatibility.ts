/**
 * Whether older code can run on a schema that newer migrations changed: nothing that it uses is dropped, renamed or
 * narrowed, and nothing new is required of it. Pure. Comments that ignore rules do not count here.
 */
import type { ReadMigration, ReadStatement, SchemaAction } from './action.ts';
import { newObjects } from './new-objects.ts';
import type { Judgement, Place, Requirement } from './new-requirements.ts';
import { VERDICTS } from './verdicts.ts';

export interface Incompatibility {
  migration: string;
  /** Undefined if it is about code whose statements are not known. */
  statement?: string;
  /** The rest of a sentence: `drops the table orders`. */
  why: string;
}

/**
 * Everything in these migrations, in the order of their application, that older code may not be able to run with.
 * Changes that a later statement reverts are not included.
 */
export function incompatibilities(migrations: readonly ReadMigration[]): Incompatibility[] {
  const own = newObjects();
  const found = migrations.flatMap(({ revision: migration, statements, opaque }) => {
    own.forgetTemporary();
    const here = statements.flatMap((statement) =>
      judge(statement, own).map(({ why, holds }) => ({ migration, statement: statement.sql.trim(), why, holds })),
    );
    const unknown = opaque ? [{ migration, why: 'is code, and not all of its statements are known' }] : [];
    return [...here, ...unknown.map((one) => ({ ...one, holds: undefined }))];
  });
  return found.filter(({ holds }) => holds === undefined || holds()).map(({ holds, ...one }) => one);
}

function judge(statement: ReadStatement, own: Place['own']): Requirement[] {
  const { actions, sql } = statement;
  if (actions === undefined) return [{ why: 'cannot be read' }];
  if (/\bsearch_path\b/i.test(sql)) own.forget();
  if (actions.length === 0) return isHarmless(sql) ? [] : [{ why: 'cannot be judged' }];
  // What may have existed before is not their own.
  const place = { own, statement, isNew: !/\bif\s+not\s+exists\b/i.test(sql) };
  return actions.flatMap((action) => {
    const judgement = (VERDICTS[action.kind] as (action: SchemaAction, place: Place) => Judgement)(action, place);
    return [judgement].flat().flatMap((one) => (one === undefined ? [] : typeof one === 'string' ? { why: one } : one));
  });
}

/** Statements that no reader of actions covers and that only add. Functions without OR REPLACE are new. */
const HARMLESS =
  /^(?:comment\s|create\s+(?:extension|type|sequence|schema|function|procedure|collation|statistics|aggregate|operator|cast|temp)\b|grant\s|analyze\b|reindex\b|set\s|reset\s|savepoint\s|release\s|attach\s|detach\s)/i;

/** Whether a statement without actions is known to change or take nothing. */
export function isHarmless(sql: string): boolean {
  return HARMLESS.test(withoutComments(sql));
}

function withoutComments(sql: string): string {
  return sql.replace(/^(?:\s+|--[^\n]*\n?|\/\*[\s\S]*?\*\/)+/, '');
}
