import type { Command } from 'commander';

/** The examples at the end of each command's `--help`. A command without an entry fails a test. */
export const EXAMPLES: Record<string, readonly string[]> = {
  'migrate upgrade': [
    'db-manager migrate upgrade',
    'db-manager migrate upgrade +1',
    'db-manager migrate upgrade 20240601',
  ],
  'migrate downgrade': ['db-manager migrate downgrade -1', 'db-manager migrate downgrade base'],
  'migrate current': ['db-manager migrate current', 'db-manager migrate current --json'],
  'migrate history': ['db-manager migrate history', 'db-manager migrate history -v'],
  'migrate stamp': ['db-manager migrate stamp head'],
  'migrate sql': ['db-manager migrate sql', 'db-manager migrate sql base:head', 'db-manager migrate sql 20240601:base'],
  'migrate check': ['db-manager migrate check --models ./models'],
  repair: ['db-manager repair', 'db-manager repair --accept-checksums', 'db-manager repair --interrupted notApplied'],
  adopt: ['db-manager adopt --from alembic'],
  baseline: ['db-manager baseline', 'db-manager baseline --forget'],
  backup: ['db-manager backup', 'db-manager backup --name before_release'],
  'list-backups': ['db-manager list-backups', 'db-manager list-backups --backups /mnt/backups'],
  'verify-backup': ['db-manager verify-backup latest'],
  restore: ['db-manager restore latest', 'db-manager restore before_release --into sqlite:///copy.db --force'],
  prune: ['db-manager prune --dry-run', 'db-manager prune --keep-last 5 --keep-days 14'],
  'safe-migrate': ['db-manager safe-migrate --dry-run', 'db-manager safe-migrate --backup-name before_release'],
  'safety-check': ['db-manager safety-check', 'db-manager safety-check --json'],
  validate: ['db-manager validate', 'db-manager validate --models ./models -v'],
  run: ['db-manager run -f migration.yaml --volume backups=./data/backups'],
  'schema diagram': [
    'db-manager schema diagram --output schema.svg',
    'db-manager schema diagram 20240601:head > change.mmd',
  ],
  config: ['db-manager config', 'db-manager --config staging.yaml config'],
  wait: ['db-manager wait --revision head', 'db-manager wait --revision 20240601 --timeout 60'],
  completion: ['source <(db-manager completion bash)', 'db-manager completion fish | source'],
  init: ['db-manager --database-url sqlite:///data/app.db init', 'db-manager init --migrate'],
  'create-tables': ['db-manager create-tables --models ./models'],
  'drop-tables': ['db-manager drop-tables', 'db-manager drop-tables --force'],
  generate: [
    'db-manager generate "add orders"',
    'db-manager generate "note" --rename orders.comment=note',
    'db-manager generate "by hand" --no-autogenerate --format sql',
  ],
  apply: ['db-manager apply -f migration.yaml --wait', 'helm template . | db-manager apply -f - --wait --timeout 600'],
  status: ['db-manager status', 'db-manager status orders -n shop', 'db-manager status -A'],
  approve: ['db-manager approve orders -n shop'],
  operator: ['db-manager operator --runner-image registry.example/db-manager:1.0 --kubeconfig ~/.kube/config'],
  sidecar: [
    'db-manager sidecar -f /etc/db-manager/migration.yaml',
    'db-manager sidecar --once -f /etc/db-manager/migration.yaml --volume app-data=/data',
  ],
  runner: ['db-manager run -f migration.yaml   # the same run locally, without a cluster'],
  lint: [
    'db-manager lint',
    'db-manager lint migrations/20240601120000_add_orders.sql --server-version 15',
    'db-manager lint --dialect postgres --format sarif > lint.sarif',
  ],
};

/** Adds the examples to the help of every subcommand. */
export function addExamples(program: Command, path = ''): void {
  for (const command of program.commands) {
    const name = path === '' ? command.name() : `${path} ${command.name()}`;
    addExamples(command, name);
    const examples = EXAMPLES[name];
    if (examples !== undefined)
      command.addHelpText('after', `\nExamples:\n${examples.map((one) => `  ${one}\n`).join('')}`);
  }
}
