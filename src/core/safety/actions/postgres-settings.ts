import type { SchemaAction } from '../action.ts';
import { as, list, type Tree, text, tree } from './tree.ts';

/** Of a VariableSetStmt: the timeouts that db-manager sets for every migration, and the time zone. */
export function settings({ kind, name, args }: Tree): SchemaAction[] {
  if (kind === 'VAR_RESET_ALL') {
    return (['lock_timeout', 'statement_timeout'] as const).map((one) => ({
      kind: 'setTimeout',
      name: one,
      off: true,
    }));
  }
  if (/^timezone$/i.test(text(name) ?? '')) {
    const zone = kind === 'VAR_SET_VALUE' ? text(tree(as('A_Const', list(args)[0]).sval).sval) : undefined;
    return [{ kind: 'setTimeZone', utc: zone !== undefined && UTC.test(zone) }];
  }
  if (name !== 'lock_timeout' && name !== 'statement_timeout') return [];
  const off = kind !== 'VAR_SET_VALUE' || isZero(list(args)[0]);
  return [{ kind: 'setTimeout', name, off }];
}

/** Names of the zone without an offset. */
const UTC = /^\s*(?:(?:Etc\/)?(?:UTC|UCT|Universal|Zulu|GMT(?:[+-]?0)?)|[+-]?00:00)\s*$/i;

/** `0`, `'0'`, `'0s'`. A constant 0 is in the tree without its value. */
function isZero(argument: unknown): boolean {
  const { ival, sval } = as('A_Const', argument);
  if (ival !== undefined) return (tree(ival).ival ?? 0) === 0;
  return /^\s*0+\s*[a-z]*\s*$/i.test(text(tree(sval).sval) ?? '1');
}
