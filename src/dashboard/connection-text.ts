import { count } from '../core/model/count.ts';
import type { ClusterConnection } from './live.ts';

/** The state of the connection as the page shows it: one line, and notes below it. */
export function connectionText(connection: ClusterConnection) {
  const { synced, error, missing } = connection;
  const notes = [
    ...missing.map((kind) => `The CRD of ${kind} is not installed in the cluster. Install it: kubectl apply -f crds/`),
    ...deniedNotes(connection),
    ...(connection.nothing
      ? [
          'Your user may not list DatabaseMigrations of all namespaces, and may not list namespaces, so nothing is shown.',
        ]
      : []),
  ];
  if (error === undefined) return { text: synced ? 'Live' : 'Reading the resources…', bad: false, notes };
  const since = `${error.since.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  const what = {
    unauthorized: `The API server has rejected the credentials since ${since}: ${error.text}. Log in to the cluster again; the page then continues.`,
    refused: `The API server has answered with an error since ${since}: ${error.text}. The page shows the last known state. Trying again…`,
    unreachable: `The API server has not been reachable since ${since}: ${error.text}. The page shows the last known state. Trying again…`,
  };
  return { text: what[error.kind], bad: true, notes };
}

function deniedNotes({ denied, synced }: ClusterConnection): string[] {
  if (!synced) return [];
  return denied.map(({ plural, namespaces, why }) => {
    const some = namespaces.slice(0, 5).join(', ');
    const more = namespaces.length > 5 ? ` and ${namespaces.length - 5} more` : '';
    const where =
      namespaces.length === 1 ? `namespace ${some}` : `${count(namespaces.length, 'namespace')}: ${some}${more}`;
    const reason = {
      forbidden: 'Your user may not list and watch them there.',
      limit: 'Too many namespaces are read one by one. Name those to show: --namespaces a,b',
    };
    return `Not shown: ${plural} in ${where}. ${reason[why]}`;
  });
}
