/** Commands of ALTER TABLE that no rule needs, by the parser's name of each. Source: `AlterTableType` in `parsenodes.h`. */
const COMMANDS: Record<string, string> = {
  AT_SetStatistics: 'SET STATISTICS',
  AT_SetOptions: 'SET of a column',
  AT_ResetOptions: 'RESET of a column',
  AT_SetStorage: 'SET STORAGE',
  AT_SetCompression: 'SET COMPRESSION',
  AT_SetRelOptions: 'SET of storage parameters',
  AT_ResetRelOptions: 'RESET of storage parameters',
  AT_ReplaceRelOptions: 'SET of options',
  AT_ClusterOn: 'CLUSTER ON',
  AT_DropCluster: 'SET WITHOUT CLUSTER',
  AT_DropOids: 'SET WITHOUT OIDS',
  AT_ChangeOwner: 'OWNER TO',
  AT_ReplicaIdentity: 'REPLICA IDENTITY',
  AT_AlterConstraint: 'ALTER CONSTRAINT',
  AT_AddIdentity: 'ADD GENERATED AS IDENTITY',
  AT_SetIdentity: 'SET GENERATED',
  AT_DropIdentity: 'DROP IDENTITY',
  AT_SetExpression: 'SET EXPRESSION',
  AT_DropExpression: 'DROP EXPRESSION',
  AT_EnableAlwaysTrig: 'ENABLE ALWAYS TRIGGER',
  AT_EnableReplicaTrig: 'ENABLE REPLICA TRIGGER',
  AT_EnableRule: 'ENABLE RULE',
  AT_EnableAlwaysRule: 'ENABLE ALWAYS RULE',
  AT_EnableReplicaRule: 'ENABLE REPLICA RULE',
  AT_DisableRule: 'DISABLE RULE',
  AT_EnableRowSecurity: 'ENABLE ROW LEVEL SECURITY',
  AT_DisableRowSecurity: 'DISABLE ROW LEVEL SECURITY',
  AT_ForceRowSecurity: 'FORCE ROW LEVEL SECURITY',
  AT_NoForceRowSecurity: 'NO FORCE ROW LEVEL SECURITY',
  AT_AddInherit: 'INHERIT',
  AT_DropInherit: 'NO INHERIT',
  AT_AddOf: 'OF',
  AT_DropOf: 'NOT OF',
  AT_DetachPartitionFinalize: 'DETACH PARTITION FINALIZE',
  AT_GenericOptions: 'OPTIONS',
  AT_AlterColumnGenericOptions: 'OPTIONS of a column',
};

/** The command as SQL has it; the words of the parser's name for one that a newer version has. */
export function otherCommand(subtype: string): string {
  return (
    COMMANDS[subtype] ??
    subtype
      .replace(/^AT_/, '')
      .replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
      .toUpperCase()
  );
}
