import { createHmac } from 'node:crypto';
import { clip } from '../model/clip.ts';
import type { DatabaseMigration } from '../model/resource.ts';
import type { Notify } from '../model/resource-notify.ts';
import type { NotifyEvent } from './notify.ts';

const MESSAGE = 2_000;
const TITLE = {
  Success: 'The migration succeeded',
  Failure: 'The migration failed',
  AwaitingApproval: 'The plan awaits approval',
  Drift: 'The live schema has drifted',
} as const;

/** The body of a notification: from the status, which is redacted already. */
export function notificationBody(
  resource: DatabaseMigration,
  { kind, id, reason, message }: NotifyEvent,
  format: Notify['format'],
): string {
  const { metadata, status = {} } = resource;
  const text = clip(message, MESSAGE);
  const name = `${metadata.namespace ?? 'default'}/${metadata.name}`;
  if (format === 'Slack') {
    const lines = [`*${TITLE[kind]}*: ${slackText(name)} (${slackText(reason)})`, slackText(text)];
    return JSON.stringify({ text: lines.join('\n') });
  }
  return JSON.stringify({
    version: 1,
    id,
    event: kind,
    reason,
    message: text,
    resource: { kind: 'DatabaseMigration', namespace: metadata.namespace, name: metadata.name, uid: metadata.uid },
    database: status.database,
    currentRevision: status.currentRevision,
    targetRevision: status.targetRevision,
    pending: status.pending,
    plan: status.plan?.digest,
    run: status.run === undefined ? undefined : { id: status.run.id, attempt: status.run.attempt },
    differences: kind === 'Drift' ? status.drift?.total : undefined,
  });
}

/** `t=SECONDS,v1=HEX`: HMAC-SHA256 of `SECONDS.BODY`, so that a receiver can refuse an old request that is sent again. */
export function signatureOf(body: string, key: string, now: Date): string {
  const time = Math.floor(now.getTime() / 1000);
  return `t=${time},v1=${createHmac('sha256', key).update(`${time}.${body}`).digest('hex')}`;
}

/** Mentions, links and markup of Slack begin with one of these characters. */
function slackText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[*_~`]/g, (sign) => `\u200b${sign}`);
}
