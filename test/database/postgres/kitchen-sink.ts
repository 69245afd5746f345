/** A database with an object of every class of the catalogues chapter of the PostgreSQL manual, and what harms it. */

export interface Roles {
  owner: string;
  app: string;
  reader: string;
  grantor: string;
}

export interface Version {
  major: number;
}

/** What the owner of a database may make, without being a superuser. */
export function ownersObjects({ app, reader, grantor }: Roles, { major }: Version): string {
  return `
  CREATE SCHEMA sales; CREATE SCHEMA "Odd ""name"; COMMENT ON SCHEMA sales IS 'it''s sales';
  GRANT USAGE ON SCHEMA sales TO ${app}, ${reader}, ${grantor} ; GRANT CREATE ON SCHEMA sales TO ${app} WITH GRANT OPTION;
  CREATE TYPE sales.mood AS ENUM ('sad', 'ok', 'happy'); ALTER TYPE sales.mood ADD VALUE 'calm' BEFORE 'happy';
  CREATE TYPE sales.pair AS (a int, b text COLLATE "C");
  CREATE DOMAIN sales.short AS varchar(20) COLLATE "C" DEFAULT 'x' NOT NULL CONSTRAINT few CHECK (length(VALUE) < 9 AND VALUE IN ('x', 'yy', 'zzz'));
  CREATE FUNCTION sales.diff(float8, float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT $1 - $2';
  CREATE TYPE sales.span AS RANGE (subtype = float8, subtype_diff = sales.diff);
  CREATE COLLATION sales.plain (locale = 'C'); COMMENT ON COLLATION sales.plain IS 'plain';
  CREATE FUNCTION sales.touch() RETURNS trigger LANGUAGE plpgsql SET work_mem = '8MB' AS $f$ BEGIN NEW.note := 'touched'; RETURN NEW; END $f$;
  CREATE FUNCTION sales.twice(n int, OUT doubled int) LANGUAGE sql STABLE PARALLEL SAFE COST 7 AS 'SELECT n * 2';
  CREATE FUNCTION sales.standard(n int) RETURNS int ${major >= 14 ? 'RETURN n + 1' : "LANGUAGE sql AS 'SELECT n + 1'"};
  CREATE PROCEDURE sales.nothing(INOUT n int) LANGUAGE plpgsql AS $f$ BEGIN n := n; END $f$;
  REVOKE ALL ON FUNCTION sales.twice(int) FROM PUBLIC; GRANT EXECUTE ON FUNCTION sales.twice(int) TO ${reader};
  CREATE AGGREGATE sales.total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '7', PARALLEL = SAFE, COMBINEFUNC = int4pl);
  CREATE AGGREGATE sales.moving(int) (SFUNC = int4pl, STYPE = int, MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = int);
  CREATE FUNCTION sales.near(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT abs($1 - $2) < 3';
  CREATE OPERATOR sales.~~~ (LEFTARG = int, RIGHTARG = int, FUNCTION = sales.near, COMMUTATOR = OPERATOR(sales.~~~));
  CREATE CAST (sales.pair AS sales.mood) WITH INOUT; CREATE CAST (varchar AS sales.mood) WITH INOUT AS IMPLICIT;
  CREATE CONVERSION sales.latin FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
  CREATE TEXT SEARCH DICTIONARY sales.words (TEMPLATE = simple, ACCEPT = false);
  CREATE TEXT SEARCH CONFIGURATION sales.search (COPY = simple);
  ALTER TEXT SEARCH CONFIGURATION sales.search ALTER MAPPING FOR asciiword WITH sales.words, simple;
  CREATE SEQUENCE sales.numbers AS smallint START 7 INCREMENT 3 MAXVALUE 900 CYCLE CACHE 2; SELECT setval('sales.numbers', 22, false);
  GRANT USAGE ON SEQUENCE sales.numbers TO ${app};
  CREATE TABLE sales.customers (id int GENERATED ALWAYS AS IDENTITY (START 50) PRIMARY KEY, gone int, name text NOT NULL UNIQUE, note text,
    mood sales.mood DEFAULT 'ok', short sales.short, p sales.pair, s sales.span, tags text[] DEFAULT '{a,b}',
    twice int GENERATED ALWAYS AS (length(name) * 2) STORED, kind varchar(10) CHECK (kind IN ('new', 'old')), big text) WITH (fillfactor = 70);
  ALTER TABLE sales.customers DROP COLUMN gone; ALTER TABLE sales.customers ALTER name SET STATISTICS 77, ALTER big SET STORAGE EXTERNAL;
  COMMENT ON TABLE sales.customers IS 'customers'; COMMENT ON COLUMN sales.customers.note IS 'a note';
  INSERT INTO sales.customers (name, kind, short, p, s, big) SELECT 'n' || i, 'new', 'yy', ROW(i, 'x')::sales.pair, sales.span(i, i + 1), repeat(md5(i::text), 100) FROM generate_series(1, 40) i;
  CREATE TABLE sales.orders (id bigserial PRIMARY KEY, customer int REFERENCES sales.customers ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    during int4range, amount numeric(10, 2) CONSTRAINT positive CHECK (amount > 0), EXCLUDE USING gist (during WITH &&));
  ALTER TABLE sales.orders ADD CONSTRAINT later CHECK (amount < 100000) NOT VALID;
  INSERT INTO sales.orders (customer, during, amount) SELECT 50 + i % 40, int4range(i, i + 1), i + 0.5 FROM generate_series(1, 60) i; SET CONSTRAINTS ALL IMMEDIATE;
  CREATE INDEX by_lower ON sales.customers (lower(name) text_pattern_ops, note DESC NULLS LAST) INCLUDE (kind) WHERE kind = 'new';
  ALTER INDEX sales.by_lower ALTER COLUMN 1 SET STATISTICS 33; COMMENT ON INDEX sales.by_lower IS 'lower';
  CREATE UNIQUE INDEX identity_index ON sales.orders (id); ALTER TABLE sales.orders REPLICA IDENTITY USING INDEX identity_index; CLUSTER sales.orders USING orders_pkey;
  CREATE TABLE sales.logs (at date NOT NULL, text text, PRIMARY KEY (at)) PARTITION BY RANGE (at);
  CREATE TABLE sales.logs_2026 PARTITION OF sales.logs FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
  CREATE TABLE sales.logs_rest PARTITION OF sales.logs DEFAULT; CREATE TABLE sales.of_logs (at date REFERENCES sales.logs, n int);
  INSERT INTO sales.logs VALUES ('2026-05-05', 'x'), ('2020-01-01', 'y');
  CREATE TABLE sales.parent (a int, b int); CREATE TABLE sales.child (c int) INHERITS (sales.parent); INSERT INTO sales.child VALUES (1, 2, 3);
  CREATE UNLOGGED TABLE sales.fast (v xml); CREATE TABLE sales.typed OF sales.pair (PRIMARY KEY (a)); CREATE TABLE "Odd ""name"."T able" ("c ol" int);
  CREATE VIEW sales.busy WITH (security_barrier) AS SELECT c.*, count(*) OVER () AS n FROM sales.customers c WHERE c.kind IN ('new', 'old');
  CREATE MATERIALIZED VIEW sales.few AS SELECT name FROM sales.customers; CREATE UNIQUE INDEX ON sales.few (name); CREATE MATERIALIZED VIEW sales.none AS SELECT 1 AS one WITH NO DATA;
  CREATE RULE quiet AS ON DELETE TO sales.parent WHERE old.a > 1000 DO INSTEAD NOTHING; ALTER TABLE sales.parent DISABLE RULE quiet;
  CREATE TRIGGER touched BEFORE UPDATE OF name ON sales.customers FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION sales.touch();
  CREATE CONSTRAINT TRIGGER checked AFTER INSERT ON sales.parent DEFERRABLE FOR EACH ROW EXECUTE FUNCTION sales.touch(); ALTER TABLE sales.parent DISABLE TRIGGER checked;
  ALTER TABLE sales.parent ENABLE ROW LEVEL SECURITY; CREATE POLICY visible ON sales.parent AS RESTRICTIVE FOR SELECT TO ${reader}, ${app} USING (a > 0);
  CREATE STATISTICS sales.both (dependencies, ndistinct) ON kind, mood FROM sales.customers; ALTER STATISTICS sales.both SET STATISTICS 55;
  GRANT SELECT, UPDATE (note) ON sales.customers TO ${reader}; GRANT ALL ON sales.orders TO ${app}; GRANT SELECT ON sales.orders TO ${grantor} WITH GRANT OPTION;
  REVOKE USAGE ON TYPE sales.mood FROM PUBLIC; GRANT USAGE ON TYPE sales.mood TO ${app};
  ALTER DEFAULT PRIVILEGES IN SCHEMA sales GRANT SELECT ON TABLES TO ${reader}; ALTER DEFAULT PRIVILEGES GRANT SELECT ON SEQUENCES TO ${reader};
  ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
  SELECT lo_from_bytea(8001, 'first'), lo_from_bytea(8002, repeat('second', 9000)::bytea); GRANT SELECT ON LARGE OBJECT 8001 TO ${reader}; COMMENT ON LARGE OBJECT 8002 IS 'large';
  CREATE PUBLICATION part_of_it FOR TABLE sales.orders ${major >= 15 ? 'WHERE (id > 3)' : ''}, sales.logs WITH (publish = 'insert, update');
  CREATE FUNCTION kind_known(w text) RETURNS boolean LANGUAGE sql STABLE AS $f$ SELECT w <> '' $f$;
  CREATE TABLE things (kind text CHECK (kind_known(kind))); INSERT INTO things VALUES ('a');
  `;
}

/** What only a superuser may make. */
export function superusersObjects({ owner, app, reader }: Roles, { major }: Version): string {
  return `
  CREATE SCHEMA admin AUTHORIZATION ${owner}; CREATE TYPE admin.tag;
  CREATE FUNCTION admin.tin(cstring) RETURNS admin.tag AS 'textin' LANGUAGE internal IMMUTABLE STRICT;
  CREATE FUNCTION admin.tout(admin.tag) RETURNS cstring AS 'textout' LANGUAGE internal IMMUTABLE STRICT;
  CREATE TYPE admin.tag (INPUT = admin.tin, OUTPUT = admin.tout, LIKE = text, CATEGORY = 'S', DEFAULT = 'none'); COMMENT ON TYPE admin.tag IS 'a tag';
  CREATE FUNCTION admin.cmp(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $2 - $1';
  CREATE OPERATOR FAMILY admin.backwards_family USING btree;
  CREATE OPERATOR CLASS admin.backwards FOR TYPE int USING btree FAMILY admin.backwards_family AS
    OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 admin.cmp(int, int);
  CREATE TABLE admin.things (id int, tag admin.tag); CREATE INDEX backwards ON admin.things (id admin.backwards); INSERT INTO admin.things VALUES (1, 'a'), (2, 'b');
  ALTER TABLE admin.things OWNER TO ${app};
  CREATE ACCESS METHOD other_heap TYPE TABLE HANDLER heap_tableam_handler; CREATE TABLE admin.other (id int) USING other_heap;
  CREATE FUNCTION admin.handler() RETURNS language_handler AS '$libdir/plpgsql', 'plpgsql_call_handler' LANGUAGE c;
  CREATE FUNCTION admin.inline(internal) RETURNS void AS '$libdir/plpgsql', 'plpgsql_inline_handler' LANGUAGE c STRICT;
  CREATE LANGUAGE other_language HANDLER admin.handler INLINE admin.inline; COMMENT ON LANGUAGE other_language IS 'other';
  CREATE FUNCTION admin.from_sql(internal) RETURNS internal AS 'textlike_support' LANGUAGE internal IMMUTABLE STRICT;
  CREATE TRANSFORM FOR admin.tag LANGUAGE other_language (FROM SQL WITH FUNCTION admin.from_sql(internal));
  CREATE TEXT SEARCH PARSER admin.parser (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype, HEADLINE = prsd_headline);
  CREATE TEXT SEARCH TEMPLATE admin.template (INIT = dsimple_init, LEXIZE = dsimple_lexize);
  CREATE FOREIGN DATA WRAPPER wrapper OPTIONS (debug 'true'); GRANT USAGE ON FOREIGN DATA WRAPPER wrapper TO ${owner};
  CREATE SERVER remote TYPE 'x' VERSION '1' FOREIGN DATA WRAPPER wrapper OPTIONS (host 'nowhere', dbname 'd'); GRANT USAGE ON FOREIGN SERVER remote TO ${app};
  CREATE USER MAPPING FOR ${app} SERVER remote OPTIONS (user 'u', password 'hidden-password'); CREATE USER MAPPING FOR PUBLIC SERVER remote;
  CREATE FOREIGN TABLE admin.far (id int OPTIONS (column_name 'x')) SERVER remote OPTIONS (table_name 't');
  CREATE FUNCTION admin.seen() RETURNS event_trigger LANGUAGE plpgsql AS $f$ BEGIN INSERT INTO admin.events VALUES (tg_tag); END $f$;
  CREATE TABLE admin.events (tag text); GRANT INSERT ON admin.events TO PUBLIC;
  CREATE EVENT TRIGGER seen ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'CREATE INDEX') EXECUTE FUNCTION admin.seen(); COMMENT ON EVENT TRIGGER seen IS 'seen';
  ALTER EVENT TRIGGER seen ENABLE ALWAYS;
  CREATE PUBLICATION every FOR ALL TABLES; ${major >= 15 ? 'CREATE PUBLICATION schemas FOR TABLES IN SCHEMA admin;' : ''}
  ALTER DEFAULT PRIVILEGES FOR ROLE ${app} GRANT SELECT ON TABLES TO ${reader};
  GRANT SELECT ON pg_authid TO ${reader}; REVOKE EXECUTE ON FUNCTION pg_backend_pid() FROM PUBLIC;
  SELECT lo_from_bytea(8003, 'of the administrator'); ALTER LARGE OBJECT 8003 OWNER TO ${app};
  `;
}

/** Twelve kinds of damage to what the owner made. */
export function damage({ app, reader, grantor }: Roles): string {
  return `
  DELETE FROM sales.orders WHERE id % 2 = 0; UPDATE sales.customers SET note = 'damaged'; SELECT setval('sales.numbers', 400);
  DROP TABLE sales.child; DROP VIEW sales.busy; CREATE TABLE sales.extra (id int REFERENCES sales.customers); CREATE SCHEMA extra;
  ALTER TYPE sales.mood ADD VALUE 'new'; ALTER TABLE sales.customers DROP COLUMN tags, ADD COLUMN more int; DROP CAST (varchar AS sales.mood);
  CREATE OR REPLACE FUNCTION sales.twice(n int, OUT doubled int) LANGUAGE sql AS 'SELECT n * 3'; DROP POLICY visible ON sales.parent; DROP STATISTICS sales.both;
  REVOKE ALL ON sales.orders FROM ${app}; REVOKE ALL ON sales.orders FROM ${grantor} CASCADE; GRANT ALL ON sales.customers TO ${reader};
  ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO ${reader}; ALTER DEFAULT PRIVILEGES REVOKE SELECT ON SEQUENCES FROM ${reader};
  ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC;
  REVOKE USAGE ON SCHEMA sales FROM ${reader}; COMMENT ON TABLE sales.customers IS 'damaged'; DROP PUBLICATION part_of_it; SELECT lo_unlink(8001); SELECT lo_put(8002, 0, 'DAMAGED');
  SELECT lo_from_bytea(8999, 'extra'); ALTER TABLE sales.logs DETACH PARTITION sales.logs_2026; DROP INDEX sales.by_lower; ALTER TABLE sales.customers DISABLE TRIGGER USER;
  CREATE TEXT SEARCH CONFIGURATION sales.extra_search (COPY = simple); DROP AGGREGATE sales.moving(int); DROP TABLE things;
  `;
}
