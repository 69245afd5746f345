import type { SequenceObject, Table, View } from '../../core/model/snapshot.ts';
import type { Operation, OperationPlace } from '../../core/schema/operations.ts';
import { nameOf as constraintName, constraintsOf } from '../../core/schema/table-changes.ts';
import { constraintSql, createIndexSql } from './parts.ts';
import { alterColumnSql, columnSql, replaceEnumSql, tableName } from './postgres-columns.ts';
import { literal, quote, words } from './statement.ts';

interface PostgresWords {
  /** Indexes are built and dropped without blocking writers. */
  concurrently: boolean;
}

/** An operation as PostgreSQL's statements. */
export function postgresSql(operation: Operation, { concurrently }: PostgresWords): string[] {
  const alter = (place: OperationPlace, what: string) => `ALTER TABLE ${tableName(place)} ${what}`;
  switch (operation.kind) {
    case 'renameTable':
      return [alter(operation.from, `RENAME TO ${quote(operation.to.name)}`)];
    case 'renameColumn':
      return [alter(operation.table, `RENAME COLUMN ${quote(operation.from)} TO ${quote(operation.to)}`)];
    case 'createSchema':
      return [`CREATE SCHEMA IF NOT EXISTS ${quote(operation.schema)}`];
    case 'createEnum':
      return [`CREATE TYPE ${tableName(operation.type)} AS ENUM (${operation.type.values.map(literal).join(', ')})`];
    case 'dropEnum':
      return [`DROP TYPE ${tableName(operation.type)}`];
    case 'addEnumValue': {
      const { type, value, place } = operation;
      const where = place && ('before' in place ? `BEFORE ${literal(place.before)}` : `AFTER ${literal(place.after)}`);
      return [words(`ALTER TYPE ${tableName(type)} ADD VALUE ${literal(value)}`, where)];
    }
    case 'replaceEnum':
      return replaceEnumSql(operation);
    case 'createSequence':
      return [sequenceSql('CREATE', operation.sequence)];
    case 'dropSequence':
      return [`DROP SEQUENCE ${tableName(operation.sequence)}`];
    case 'alterSequence':
      return [
        words(
          sequenceSql('ALTER', operation.to),
          restart(operation.from, operation.to),
          operation.from.attachedTo !== undefined && operation.to.attachedTo === undefined && 'OWNED BY NONE',
        ),
      ];
    case 'createTable':
      return createTableSql(operation.table);
    case 'dropTable':
      return [`DROP TABLE ${tableName(operation.table)}`];
    case 'addColumn':
      return [
        alter(operation.table, `ADD COLUMN ${columnSql(operation.column)}`),
        ...commentSql(`COLUMN ${tableName(operation.table)}.${quote(operation.column.name)}`, operation.column.comment),
      ];
    case 'dropColumn':
      return [alter(operation.table, `DROP COLUMN ${quote(operation.column.name)}`)];
    case 'alterColumn':
      return alterColumnSql(operation);
    case 'addConstraint':
      return [alter(operation.table, `ADD ${constraintSql(operation.constraint, tableName)}`)];
    case 'dropConstraint':
      return [alter(operation.table, `DROP CONSTRAINT ${quote(constraintName(operation.constraint) ?? '')}`)];
    case 'validateConstraint':
      return [alter(operation.table, `VALIDATE CONSTRAINT ${quote(operation.name)}`)];
    case 'createIndex':
      return [createIndexSql(operation.index, tableName(operation.table), { concurrently, methods: true })];
    case 'dropIndex': {
      const name = tableName({ schema: operation.table.schema, name: operation.index.name });
      return [words('DROP INDEX', concurrently && 'CONCURRENTLY', name)];
    }
    case 'createTrigger':
      return [operation.trigger.definition];
    case 'dropTrigger':
      return [`DROP TRIGGER ${quote(operation.trigger.name)} ON ${tableName(operation.table)}`];
    case 'createView':
      return viewSql(operation.view);
    case 'dropView':
      return [`DROP ${operation.view.materialized ? 'MATERIALIZED ' : ''}VIEW ${tableName(operation.view)}`];
    case 'commentTable':
      return [
        `COMMENT ON TABLE ${tableName(operation.table)} IS ${operation.comment === undefined ? 'NULL' : literal(operation.comment)}`,
      ];
    case 'rebuildTable':
      throw new Error('PostgreSQL alters tables in place');
  }
}

function createTableSql(table: Table): string[] {
  const { partition } = table;
  const name = tableName(table);
  const comments = [
    ...commentSql(`TABLE ${name}`, table.comment),
    ...table.columns.flatMap((column) => commentSql(`COLUMN ${name}.${quote(column.name)}`, column.comment)),
  ];
  if (partition?.of !== undefined) {
    const [schema, parent] = partition.of.includes('.') ? partition.of.split('.') : [table.schema, partition.of];
    const of = tableName({ schema: schema ?? '', name: parent ?? '' });
    return [words(`CREATE TABLE ${name} PARTITION OF ${of}`, partition.bound, partitionBy(partition.by)), ...comments];
  }
  const lines = [
    ...table.columns.map(columnSql),
    ...constraintsOf(table).map((constraint) => constraintSql(constraint, tableName)),
  ];
  const body = lines.length === 0 ? '()' : `(\n${lines.map((line) => `  ${line}`).join(',\n')}\n)`;
  return [words(`CREATE TABLE ${name} ${body}`, partitionBy(partition?.by)), ...comments];
}

const partitionBy = (by: string | undefined) => by && `PARTITION BY ${by}`;

function commentSql(what: string, comment: string | undefined): string[] {
  return comment === undefined ? [] : [`COMMENT ON ${what} IS ${literal(comment)}`];
}

function sequenceSql(verb: 'CREATE' | 'ALTER', sequence: SequenceObject): string {
  const { type, start, increment, options = '' } = sequence;
  // ALTER keeps what is not written, so a value that becomes the default again must be written.
  const defaults = ['MINVALUE', 'MAXVALUE', 'CACHE', 'CYCLE']
    .filter((word) => verb === 'ALTER' && !options.includes(word))
    .map((word) => (word === 'CACHE' ? 'CACHE 1' : `NO ${word}`));
  return words(
    `${verb} SEQUENCE ${tableName(sequence)} AS ${type} INCREMENT BY ${increment}`,
    options,
    ...defaults,
    `START WITH ${start}`,
  );
}

/** Its position may lie outside of new limits, which PostgreSQL refuses. */
function restart(from: SequenceObject, to: SequenceObject): string | undefined {
  const limits = ({ type, options = '' }: SequenceObject) => `${type} ${options.match(/M(?:IN|AX)VALUE \S+/g) ?? ''}`;
  return limits(from) === limits(to) ? undefined : 'RESTART';
}

function viewSql(view: View): string[] {
  const kind = view.materialized ? 'MATERIALIZED VIEW' : 'VIEW';
  const body = view.definition.trim().replace(/;$/, '');
  return [
    `CREATE ${kind} ${tableName(view)} AS\n${body}`,
    ...(view.indexes ?? []).map((index) =>
      createIndexSql(index, tableName(view), { concurrently: false, methods: true }),
    ),
  ];
}
