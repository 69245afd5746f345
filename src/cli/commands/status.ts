import type { ClusterOptions } from '../cluster.ts';
import { defineCommand } from '../command.ts';
import { addClusterOptions } from '../options.ts';
import { print } from '../output/print.ts';

interface StatusCommandOptions extends ClusterOptions {
  name?: string;
  allNamespaces?: boolean;
}

/** The details of one resource, or a list with one line per resource. */
export const status = defineCommand<StatusCommandOptions>({
  name: 'status',
  group: 'Clusters:',
  summary: 'list the DatabaseMigrations of a cluster, or show the details of one',
  examples: ['db-manager status', 'db-manager status orders -n shop', 'db-manager status -A'],
  configure: (command) =>
    addClusterOptions(command).argument('[name]').option('-A, --all-namespaces', 'list all namespaces'),
  async action({ name, ...options }, io) {
    const { notFound, openCluster } = await import('../cluster.ts');
    const { conditionOf, exitOf } = await import('../../core/model/resource-state.ts');
    const { client, namespace } = await openCluster(options);
    if (name !== undefined) {
      const { renderStatus } = await import('../output/status-view.ts');
      const resource = await client.get(namespace, name);
      if (resource === undefined) throw notFound(name, namespace);
      print(io, options, resource, (found) => renderStatus(found, io));
      io.setExitCode(exitOf(resource));
      return;
    }
    const items = await client.list(options.allNamespaces === true ? undefined : namespace);
    if (options.json === true) return io.out(JSON.stringify({ items }, null, 2));
    if (items.length === 0)
      return io.out(
        `No DatabaseMigration was found in ${options.allNamespaces ? 'the cluster' : `namespace ${namespace}`}.`,
      );
    const { renderTable } = await import('../output/table.ts');
    io.out(
      renderTable(
        ['NAMESPACE', 'NAME', 'REVISION', 'PENDING', 'READY', 'STATUS'],
        items.map(({ metadata, status }) => [
          metadata.namespace ?? '',
          metadata.name,
          status?.currentRevision ?? '',
          String(status?.pending ?? ''),
          conditionOf({ status }, 'Ready')?.status ?? 'Unknown',
          status?.summary ?? '',
        ]),
        io.columns,
      ),
    );
  },
});
