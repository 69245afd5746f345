import type { RunQuery } from './catalogue/read.ts';
import { quoteIdentifier } from './driver.ts';
import { STAYING } from './restore-staying.ts';

/** While `work` runs, the event triggers that this user owns are disabled: they may record what a restore does, or refuse it. */
export async function withoutEventTriggers(run: RunQuery, work: () => Promise<void>): Promise<void> {
  const lines = await run(
    `SELECT jsonb_build_array(evtname, evtenabled)::text FROM pg_catalog.pg_event_trigger
      WHERE evtenabled <> 'D' AND pg_catalog.pg_has_role(evtowner, 'USAGE') ORDER BY evtname`,
  );
  const enabled = lines.map((line) => JSON.parse(line) as [name: string, state: keyof typeof WORDS]);
  const all = async (word: (state: keyof typeof WORDS) => string) => {
    for (const [name, state] of enabled) await run(`ALTER EVENT TRIGGER ${quoteIdentifier(name)} ${word(state)}`);
  };
  await all(() => 'DISABLE');
  await work();
  await all((state) => WORDS[state]);
}

const WORDS = { O: 'ENABLE', R: 'ENABLE REPLICA', A: 'ENABLE ALWAYS' };

/** Event triggers of other roles, and the tables and sequences of other roles whose content only they may have written. */
interface ForeignTriggers {
  triggers: string[];
  /** As the digest names them. */
  written: string[];
}

/**
 * Such triggers run during a restore in place, and may record it in a table that this user may read and not write: that
 * table cannot be made equal to the backup.
 */
export async function foreignTriggers(run: RunQuery): Promise<ForeignTriggers> {
  const triggers = await run(
    `SELECT evtname FROM pg_catalog.pg_event_trigger WHERE evtenabled IN ('O', 'A') AND NOT pg_catalog.pg_has_role(evtowner, 'USAGE') ORDER BY 1`,
  );
  if (triggers.length === 0) return { triggers, written: [] };
  const written =
    await run(`WITH path AS MATERIALIZED (SELECT set_config('search_path', '', true)), staying AS MATERIALIZED ${STAYING}
    SELECT c.oid::regclass::text FROM path, staying s JOIN pg_class c ON s.classid = 'pg_class'::regclass AND s.objid = c.oid
     WHERE CASE c.relkind WHEN 'r' THEN NOT has_table_privilege(c.oid, 'DELETE') AND NOT has_table_privilege(c.oid, 'TRUNCATE')
             WHEN 'S' THEN NOT has_sequence_privilege(c.oid, 'UPDATE') END ORDER BY 1`);
  return { triggers, written };
}
