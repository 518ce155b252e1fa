// `latchkey webhooks …`: where events are sent, and what became of each.
import { Option } from 'commander'
import type { Applied } from '../../core/shapes/calls.ts'
import type { CreatedWebhook, Delivery, Webhook, WebhookTest } from '../../core/shapes/webhooks.ts'
import { serverOrDatabase } from '../kit/connection.ts'
import { defineCommand } from '../kit/define-command.ts'
import { defineList } from '../kit/define-list.ts'
import { CommandError, exitCodes } from '../kit/failures.ts'
import { formatFields, print, printNote, quote } from '../kit/output.ts'
import { type Column, printTable } from '../kit/table.ts'
import { formatAgo, formatInstant } from '../kit/times.ts'
import { describeApplied } from './key-views.ts'

const shapes = () => import('../../core/shapes/webhooks.ts')
const id = { id: 'the id of the webhook' }
const texts = {
  url: 'the URL that events are posted to: https://, and an address that everybody can reach',
  events: 'which events are sent, such as key.revoked, key.* or * (repeatable)',
  description: 'what it is for, for people',
  organizationId: 'the organization that owns it (default: your own)',
  sourceOrganizationId: 'for one of the root organization: send the events of this organization alone',
}

const columns: Column<Webhook>[] = [
  { heading: 'ID', value: ({ id }) => id },
  { heading: 'ORGANIZATION', value: ({ organizationId }) => organizationId, leaves: 3 },
  { heading: 'URL', value: ({ url }) => url, shrinks: true },
  { heading: 'EVENTS', value: ({ events }) => events.join(', '), leaves: 2 },
  { heading: 'STATUS', value: describeStatus },
  { heading: 'WAITING', value: ({ pending }) => String(pending), isNumber: true },
  { heading: 'DELIVERED', value: ({ lastDeliveredAt }) => agoOf(lastDeliveredAt), leaves: 1 },
]

const deliveryColumns: Column<Delivery>[] = [
  { heading: 'ID', value: ({ id }) => id },
  { heading: 'EVENT', value: ({ type }) => type },
  { heading: 'STATE', value: ({ state }) => state },
  { heading: 'ATTEMPTS', value: ({ attempts }) => String(attempts), isNumber: true },
  { heading: 'ANSWER', value: describeAnswer, shrinks: true },
  { heading: 'TRIED', value: ({ attemptedAt }) => agoOf(attemptedAt) },
  {
    heading: 'AGAIN',
    value: ({ nextAttemptAt }) => (nextAttemptAt ? formatInstant(nextAttemptAt, Date.now()) : '-'),
    leaves: 1,
  },
]

export const webhookCommands = [
  defineCommand({
    path: 'webhooks create',
    summary: 'send events to a URL from now on',
    on: serverOrDatabase,
    arguments: { url: texts.url },
    shape: async () => (await shapes()).createWebhookSchema,
    texts,
    examples: [
      'latchkey webhooks create https://example.com/webhooks --events "key.*"',
      'latchkey webhooks create https://example.com/all --events "*" --organization acme',
    ],
    makes: true,
    run: ({ webhooks }, { input, once }) => webhooks.create(input, once),
    print: printSecret,
  }),
  defineList({
    path: 'webhooks list',
    summary: 'list webhooks, and whether their receivers take what is sent',
    shape: async () => (await shapes()).listWebhooksSchema,
    texts: {
      limit: 'maximum number of results (default: 1000)',
      organizationId: 'only those of this organization',
    },
    examples: ['latchkey webhooks list', 'latchkey webhooks list --organization acme --json'],
    read: ({ webhooks }, input) => webhooks.list(input),
    none: 'No webhooks.',
    print: (items, isWide) => printTable(columns, items, { isWide }),
  }),
  defineCommand({
    path: 'webhooks get',
    summary: 'show a webhook',
    on: serverOrDatabase,
    arguments: id,
    examples: ['latchkey webhooks get 0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e'],
    run: ({ webhooks }, { args }) => webhooks.get(args.id),
    print: printWebhook,
  }),
  defineCommand({
    path: 'webhooks update',
    summary: 'change the given fields of a webhook, stop it, or let it go on',
    on: serverOrDatabase,
    // Not as a flag: `--url` names the server.
    arguments: { ...id, url: 'the URL that events are posted to from now on' },
    optional: 'url',
    shape: async () => (await shapes()).updateWebhookFieldsSchema,
    texts: {
      ...texts,
      events: 'which events are sent; replaces the current list (repeatable)',
      resumeFrom: 'with --enable: stopped, to send what it has missed, or now (default: stopped)',
    },
    options: [
      new Option('--enable', 'let it go on').conflicts('disable'),
      new Option('--disable', 'send nothing until it is enabled').conflicts('enable'),
      new Option('--no-description', 'remove the description'),
    ],
    wait: true,
    edits: true,
    examples: [
      'latchkey webhooks update 0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e --disable',
      'latchkey webhooks update 0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e --enable --resume-from now',
      'latchkey webhooks update 0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e https://example.com/other',
    ],
    run: async ({ webhooks }, { args, input, options, wait }) => {
      if (input.resumeFrom !== undefined && options.enable !== true)
        throw new CommandError(exitCodes.usage, '--resume-from: Comes with --enable.')
      return webhooks.update(
        args.id,
        {
          ...input,
          ...(options.enable === true && { enabled: true }),
          ...(options.disable === true && { enabled: false }),
          ...(options.description === false && { description: null }),
        },
        wait,
      )
    },
    print: (webhook) => {
      printWebhook(webhook)
      print(...describeApplied(webhook.applied))
    },
  }),
  defineCommand({
    path: 'webhooks delete',
    summary: 'delete a webhook, and what it has not delivered',
    on: serverOrDatabase,
    arguments: id,
    wait: true,
    edits: true,
    confirm:
      ({ args }) =>
      async ({ webhooks }) => {
        const { url, pending } = await webhooks.get(args.id)
        const waiting =
          pending === 0 ? '' : `, for which ${pending} ${pending === 1 ? 'event waits' : 'events wait'}`
        return `Delete the webhook to ${quote(url)}${waiting}, permanently?`
      },
    examples: ['latchkey webhooks delete 0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e --yes'],
    run: async ({ webhooks }, { args, wait }) => ({
      success: true,
      ...(await webhooks.delete(args.id, wait)),
    }),
    print: ({ applied }, { args }) => print(`Deleted the webhook ${args.id}.`, ...describeApplied(applied)),
  }),
  defineCommand({
    path: 'webhooks rotate',
    summary: 'give a webhook a new secret',
    on: serverOrDatabase,
    arguments: id,
    shape: async () => (await shapes()).rotateWebhookSchema,
    texts: { graceSeconds: 'for how long the old secret signs too; 0 after a leak (default: 86400, a day)' },
    wait: true,
    edits: true,
    examples: [
      'latchkey webhooks rotate 0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e',
      'latchkey webhooks rotate 0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e --grace 0',
    ],
    makes: true,
    run: ({ webhooks }, { args, input, wait, once }) => webhooks.rotate(args.id, input, { ...wait, ...once }),
    print: printSecret,
  }),
  defineCommand({
    path: 'webhooks test',
    summary: 'send a message now, and show what became of it',
    on: serverOrDatabase,
    arguments: id,
    examples: ['latchkey webhooks test 0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e'],
    run: ({ webhooks }, { args }) => webhooks.test(args.id),
    print: printTest,
    exitCode: ({ delivered }) => (delivered ? 0 : exitCodes.refused),
  }),
  defineCommand({
    path: 'webhooks replay',
    summary: 'send all events since an instant once more',
    on: serverOrDatabase,
    arguments: id,
    shape: async () => (await shapes()).replayWebhookSchema,
    texts: { since: 'from when on, such as 2026-01-31T12:00:00Z: 30 days back at most' },
    examples: ['latchkey webhooks replay 0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e --since 2026-01-31T12:00:00Z'],
    run: ({ webhooks }, { args, input }) => webhooks.replay(args.id, input),
    print: printWebhook,
  }),
  defineCommand({
    path: 'webhooks deliveries',
    summary: 'list what became of each event, the newest first',
    on: serverOrDatabase,
    arguments: id,
    shape: async () => (await shapes()).listDeliveriesSchema,
    texts: {
      state: 'only those in this state: pending, delivered or failed',
      limit: 'maximum number of results (default: 1000)',
    },
    examples: ['latchkey webhooks deliveries 0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e --state failed'],
    run: async ({ webhooks }, { args, input }) => webhooks.listDeliveries(args.id, input),
    json: ({ items }) => items,
    print: ({ items, next }) => {
      if (items.length === 0) return printNote('No deliveries.')
      printTable(deliveryColumns, items, { isWide: false })
      if (next !== undefined) printNote('There are more results. Raise --limit to list them.')
    },
  }),
  defineCommand({
    path: 'webhooks retry',
    summary: 'send an event again now, whatever became of it',
    on: serverOrDatabase,
    arguments: { ...id, delivery: 'the id of the delivery' },
    examples: [
      'latchkey webhooks retry 0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e 0198f3a2-5c1b-7000-8000-7a6b5c4d3e2f',
    ],
    run: ({ webhooks }, { args }) => webhooks.retryDelivery(args.id, args.delivery),
    print: ({ type }) => print(`The event ${type} is sent again.`),
  }),
]

/** Prints a new secret on standard output, alone, as a token is. */
function printSecret(webhook: CreatedWebhook & { applied?: Applied }): void {
  printNote(
    ...webhookFields(webhook),
    ...describeApplied(webhook.applied),
    '',
    'The secret is shown only once. Give it to the receiver, which checks signatures by it:',
  )
  print(webhook.secret)
}

function printWebhook(webhook: Webhook): void {
  print(...webhookFields(webhook))
}

function webhookFields(webhook: Webhook): string[] {
  const now = Date.now()
  const { id, organizationId, sourceOrganizationId, url, events, description, graceEndsAt } = webhook
  return formatFields([
    ['Id', id],
    ['Organization', organizationId],
    ...(sourceOrganizationId === null ? [] : [['Events of', sourceOrganizationId] as const]),
    ['URL', url],
    ['Events', events.join(', ')],
    ...(description === null ? [] : [['Description', description] as const]),
    ['Status', describeStatus(webhook)],
    ['Waiting', String(webhook.pending)],
    ['Delivered', webhook.lastDeliveredAt ? formatInstant(webhook.lastDeliveredAt, now) : 'never'],
    ...(graceEndsAt === null ? [] : [['Old secret until', formatInstant(graceEndsAt, now)] as const]),
    ['Created', formatInstant(webhook.createdAt, now)],
    ['Revision', webhook.revision],
  ])
}

function printTest({ delivered, httpStatus, error, answer, durationMs }: WebhookTest): void {
  const status = httpStatus === null ? '' : ` with ${httpStatus}`
  print(delivered ? `Delivered${status} in ${durationMs} ms.` : `Not delivered: ${error}`)
  if (answer !== null && answer !== '') print('', answer)
}

function describeStatus({ status, disabledReason, failingSince }: Webhook): string {
  if (status === 'failing' && failingSince) return `failing since ${formatAgo(failingSince, Date.now())}`
  const reasons = { by_hand: 'by hand', gone: 'the receiver is gone', failing: 'it failed for 5 days' }
  return disabledReason === null ? status : `${status}: ${reasons[disabledReason]}`
}

function describeAnswer({ httpStatus, error, durationMs }: Delivery): string {
  return error ?? (httpStatus === null ? '-' : `${httpStatus} in ${durationMs} ms`)
}

function agoOf(instant: Date | null): string {
  return instant === null ? 'never' : formatAgo(instant, Date.now())
}
