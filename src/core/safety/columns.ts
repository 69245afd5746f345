/** Checks of the types that columns are given. */
import { type SchemaActionOf, tableName } from './action.ts';
import { type ColumnFinding, onAction, type RuleCheck } from './rule.ts';

type Giving = SchemaActionOf<'createTable' | 'addColumn' | 'alterType'>;

interface GivenColumn {
  name: string;
  type: string;
}

/** Columns that get a type from an action; columns of a temporary table are ignored. */
function columnsGiven(action: Giving): GivenColumn[] {
  switch (action.kind) {
    case 'createTable':
      return action.temporary ? [] : action.columns;
    case 'addColumn':
      return [action.column];
    case 'alterType':
      return [{ name: action.column, type: action.to }];
  }
}

/** One finding per statement for all its columns of such a type: `orders.placed_at, orders.seen_at`. */
export function eachColumnOf(
  matches: (type: string) => boolean,
  finding: (columns: string, first: GivenColumn) => ColumnFinding,
): RuleCheck {
  return onAction(['createTable', 'addColumn', 'alterType'], (action) => {
    const found = columnsGiven(action).filter(({ type }) => matches(type.replace(/\[\]$/, '')));
    const [first] = found;
    if (first === undefined) return undefined;
    return finding(found.map(({ name }) => `${tableName(action.table)}.${name}`).join(', '), first);
  });
}
