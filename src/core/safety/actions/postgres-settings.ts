import type { SchemaAction } from '../action.ts';
import { as, list, type Tree, text, tree } from './tree.ts';

/** Of a VariableSetStmt: only the timeouts that db-manager sets for every migration. */
export function settings({ kind, name, args }: Tree): SchemaAction[] {
  if (kind === 'VAR_RESET_ALL') {
    return (['lock_timeout', 'statement_timeout'] as const).map((one) => ({
      kind: 'setTimeout',
      name: one,
      off: true,
    }));
  }
  if (name !== 'lock_timeout' && name !== 'statement_timeout') return [];
  const off = kind !== 'VAR_SET_VALUE' || isZero(list(args)[0]);
  return [{ kind: 'setTimeout', name, off }];
}

/** `0`, `'0'`, `'0s'`. A constant 0 is in the tree without its value. */
function isZero(argument: unknown): boolean {
  const { ival, sval } = as('A_Const', argument);
  if (ival !== undefined) return (tree(ival).ival ?? 0) === 0;
  return /^\s*0+\s*[a-z]*\s*$/i.test(text(tree(sval).sval) ?? '1');
}
