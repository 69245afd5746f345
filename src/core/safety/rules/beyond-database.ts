import { onAction, POSTGRES, type Rule } from '../rule.ts';

export const beyondDatabase: Rule = {
  id: 'beyond-database',
  topic: 'data',
  title: 'A statement acts outside its database.',
  why: 'Roles, databases, tablespaces, settings of the server, replication slots, files, programs and other servers are not part of a backup of the database. No restore undoes what a migration does to them, and a rollback undoes only a part. A rehearsal runs what acts on the server on a private server, and nothing that acts outside of it.',
  dialects: POSTGRES,
  severity: 'warning',
  check: onAction('beyond', ({ what, reach }) => ({
    message: `${what} acts outside the database, and no restore undoes it.`,
    advice:
      reach === 'server'
        ? 'Keep it in the scripts that set up the server, and run it there before the migration. If it has to stay, make it safe to run twice.'
        : 'No rehearsal can run it. Remove it from the migration and run it by hand, or set safety.rehearsal: Disabled.',
  })),
  examples: {
    bad: [
      { sql: 'CREATE ROLE reporting' },
      { sql: 'ALTER DATABASE trading SET work_mem = 65536' },
      { sql: "COPY trades TO PROGRAM 'cat > /tmp/trades'" },
      { sql: "DO $$ BEGIN EXECUTE 'CREATE ROLE reporting'; END $$" },
      { sql: "SELECT dblink_exec('host=other', 'DELETE FROM trades')" },
    ],
    good: [
      { sql: 'GRANT SELECT ON trades TO reporting' },
      { sql: 'CREATE FUNCTION make_role() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE ROLE reporting; END $$' },
    ],
  },
};
