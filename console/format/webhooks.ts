// Webhooks in words: which events there are to choose from, what became of one, and what is wrong with a time. Pure.
import { dayMs } from '../../src/core/periods.ts'
import type { WireDelivery, WireWebhook, WireWebhookTest } from '../api.ts'
import { auditActions } from './audit-actions.ts'
import { lengthOf } from './times.ts'

/** What an event is of. */
interface EventGroup {
  /** Such as `key.*`. */
  pattern: string
  label: string
  /** Each event by its name and in words. */
  events: { name: string; label: string }[]
}

const nouns: Record<string, string> = {
  organization: 'Organizations',
  key: 'Keys',
  session: 'Sign-ins to the console',
  limit: 'Limits',
  plan: 'Plans',
  policy: 'Policies',
  member: 'Members',
  invitation: 'Invitations',
  portal_session: 'Sessions of the customer page',
  portal_user: 'Users of the customer page',
  webhook: 'Webhooks',
  log: 'The log itself',
}

/** What stands for every event, of those to come too. */
export const everyEvent = '*'

/** The events to choose from, by what they are of. */
export const eventGroups: readonly EventGroup[] = Object.entries(
  Object.groupBy(Object.keys(auditActions), (action) => action.split('.')[0] ?? action),
).map(([noun, actions = []]) => ({
  pattern: `${noun}.*`,
  label: nouns[noun] ?? noun,
  events: actions.map((name) => ({ name, label: auditActions[name as keyof typeof auditActions] })),
}))

/** How many of a group are chosen one by one. */
export function countChosen({ events }: EventGroup, chosen: readonly string[]): number {
  return events.filter(({ name }) => chosen.includes(name)).length
}

/** The list with a group as a whole, which takes the place of its events, or without any of it. */
export function withGroup(
  { pattern, events }: EventGroup,
  chosen: readonly string[],
  isOn: boolean,
): string[] {
  const names = [pattern, ...events.map(({ name }) => name)]
  const others = chosen.filter((one) => !names.includes(one))
  return isOn ? [...others, pattern] : others
}

/** The list with one event of a group, or without it: of a whole group, the others stay. */
export function withEvent(
  { pattern, events }: EventGroup,
  chosen: readonly string[],
  name: string,
  isOn: boolean,
): string[] {
  const single = chosen.includes(pattern)
    ? [...chosen.filter((one) => one !== pattern), ...events.map((event) => event.name)]
    : chosen
  const others = single.filter((one) => one !== name)
  return isOn ? [...others, name] : others
}

/** The URL without what all of them begin with. */
export function shownUrl(url: string): string {
  return url.replace(/^https:\/\//, '').replace(/\/$/, '')
}

/** What people call a webhook: what it is for, else where it leads. */
export function webhookName({ description, url }: Pick<WireWebhook, 'description' | 'url'>): string {
  return description?.trim() || hostOf(url)
}

export function hostOf(url: string): string {
  return URL.parse(url)?.host ?? url
}

/** Why a webhook was disabled. */
export const disabledReasons: Record<NonNullable<WireWebhook['disabled_reason']>, string> = {
  by_hand: 'Somebody disabled it.',
  gone: 'Latchkey disabled it: the receiver answered 410, which says that it is gone.',
  failing: 'Latchkey disabled it: no delivery had succeeded for 5 days.',
}

/** The same in a few words, for a list. */
export const disabledReasonsInShort: Record<NonNullable<WireWebhook['disabled_reason']>, string> = {
  by_hand: 'by hand',
  gone: 'receiver is gone',
  failing: 'failed for 5 days',
}

/** `204 in 41 ms`, `No answer in 15 seconds`: what the last attempt came to. */
export function outcomeOf({
  http_status: status,
  duration_ms: ms,
}: Pick<WireDelivery | WireWebhookTest, 'http_status' | 'duration_ms'>): string {
  const took = ms === null ? '' : ` in ${ms < 10_000 ? `${ms.toLocaleString('en')} ms` : lengthOf(ms / 1000)}`
  return `${status ?? 'No answer'}${took}`
}

const minuteMs = 60_000
/** Replays, and webhooks that go on where they stopped, go back so far. */
export const longestReplayDays = 30

/** The times that are offered to send the events of once more. */
export const replayPresets = [
  { value: 60 * minuteMs, label: '1 hour ago' },
  { value: dayMs, label: '24 hours ago' },
  { value: 7 * dayMs, label: '7 days ago' },
  // The clocks of browser and server differ.
  { value: longestReplayDays * dayMs - 5 * minuteMs, label: '30 days ago' },
] as const

/** Says what is wrong with an instant since which events are to be sent; undefined if nothing is. */
export function replayFault(since: string | undefined, now: number): string | undefined {
  if (since === undefined) return 'Enter a date and a time.'
  if (Date.parse(since) > now) return 'Must not be in the future.'
  if (Date.parse(since) < now - longestReplayDays * dayMs)
    return `Must be at most ${longestReplayDays} days ago.`
  return undefined
}

/** Code that checks a message, to copy. */
export const receiverSnippet = `import { Webhook } from 'standardwebhooks'

// In your receiver: the body as it came, before anything parses it.
const webhook = new Webhook(process.env.LATCHKEY_WEBHOOK_SECRET)
const { type, data } = webhook.verify(body, headers)`
