import { z } from 'zod';
import { secretSource } from './resource-sources.ts';

/** `spec.notify` and `status.notify` of a DatabaseMigration. */
export const NOTIFY_EVENTS = ['Success', 'Failure', 'AwaitingApproval', 'Drift'] as const;

export const notify = z
  .strictObject({
    urlFrom: secretSource.describe(
      'URL of the endpoint. The operator reads it from the Secret and sends to it only if --notify-hosts allows its host.',
    ),
    signingKeyFrom: secretSource
      .optional()
      .describe('Key of the signature in the header X-Db-Manager-Signature. Without it requests are not signed.'),
    format: z
      .enum(['Json', 'Slack'])
      .default('Json')
      .describe('Json: an object with the event. Slack: an object with the field text, which other chats accept too.'),
    events: z
      .array(z.enum(NOTIFY_EVENTS))
      .min(1)
      .max(NOTIFY_EVENTS.length)
      .default(['Failure', 'AwaitingApproval', 'Drift'])
      .meta({ 'x-kubernetes-list-type': 'set' })
      .describe('Events to report. Success: a run that changed the database.'),
  })
  .describe('An HTTP request by the operator after a run or a drift check. Absent: none is sent.');

export type Notify = z.infer<typeof notify>;

export const notifyStatus = z
  .object({
    run: z.string().optional().describe('The last event of a run that was handled.'),
    drift: z.string().optional().describe('The last drift that was handled.'),
    sentAt: z.string().meta({ format: 'date-time' }).optional().describe('When the last notification was accepted.'),
    pending: z
      .object({
        id: z.string().describe('Its id, the same in each attempt.'),
        kind: z.enum(NOTIFY_EVENTS).describe('The event.'),
        reason: z.string().describe('Its reason.'),
        message: z.string().describe('Its message.'),
      })
      .optional()
      .describe('The event whose notification is retried.'),
    attempts: z.int().optional().describe('Number of attempts at it.'),
    nextAttemptAt: z.string().meta({ format: 'date-time' }).optional().describe('Time of the next attempt.'),
  })
  .describe('Notifications of this resource.');

export type NotifyStatus = z.infer<typeof notifyStatus>;
