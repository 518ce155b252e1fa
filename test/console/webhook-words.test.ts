// What the console says of webhooks: the pure part, without a browser.
import { describe, expect, test } from 'vitest'
import { describeChanges } from '../../console/format/audit-changes.ts'
import { differences } from '../../console/format/differences.ts'
import {
  countChosen,
  eventGroups,
  outcomeOf,
  replayFault,
  replayPresets,
  webhookName,
  withEvent,
  withGroup,
} from '../../console/format/webhooks.ts'
import { auditActions } from '../../src/core/shapes/audit.ts'
import { createWebhookSchema } from '../../src/core/shapes/webhooks.ts'

const plans = eventGroups.find(({ pattern }) => pattern === 'plan.*') ?? expect.unreachable()

describe('the events to choose from', () => {
  test('are all that there are, in groups that the server takes', () => {
    expect(eventGroups.flatMap(({ events }) => events.map(({ name }) => name)).sort()).toEqual(
      [...auditActions].sort(),
    )
    const events = eventGroups.map(({ pattern }) => pattern)
    expect(createWebhookSchema.parse({ url: 'https://example.com/', events }).events).toEqual(events)
    // Each in words of people.
    expect(eventGroups.filter(({ pattern, label }) => label === pattern.slice(0, -2))).toEqual([])
  })

  test('a group takes the place of its events, and one taken out of it leaves the others', () => {
    const whole = withGroup(plans, ['key.*', 'plan.created', 'unknown.event'], true)
    expect(whole).toEqual(['key.*', 'unknown.event', 'plan.*'])
    const others = withEvent(plans, whole, 'plan.deleted', false)
    expect(others).toEqual(['key.*', 'unknown.event', 'plan.created', 'plan.updated'])
    expect(countChosen(plans, others)).toBe(2)
    expect(withEvent(plans, others, 'plan.created', true)).toHaveLength(4)
    expect(withGroup(plans, others, false)).toEqual(['key.*', 'unknown.event'])
  })
})

test('a webhook is called by what it is for, else by where it leads', () => {
  expect(webhookName({ url: 'https://example.com:8443/a?b', description: null })).toBe('example.com:8443')
  expect(webhookName({ url: 'https://example.com/', description: ' ' })).toBe('example.com')
  expect(webhookName({ url: 'https://example.com/', description: 'Chat' })).toBe('Chat')
})

test('an outcome tells what was answered, and in what time', () => {
  expect(outcomeOf({ http_status: 204, duration_ms: 1_041 })).toBe('204 in 1,041 ms')
  expect(outcomeOf({ http_status: null, duration_ms: 15_002 })).toBe('No answer in 15 seconds')
})

test('events are sent once more since an instant of the last thirty days', () => {
  const now = Date.parse('2026-03-31T12:00:00.000Z')
  const fault = (ms: number) => replayFault(new Date(now + ms).toISOString(), now)
  expect([fault(1), fault(0), fault(-30 * 86_400_000), fault(-30 * 86_400_000 - 1)]).toEqual([
    ...['Must not be in the future.', undefined, undefined, 'Must be at most 30 days ago.'],
  ])
  expect(replayFault(undefined, now)).toBe('Enter a date and a time.')
  expect(replayPresets.map(({ value }) => fault(-value))).toEqual(replayPresets.map(() => undefined))
})

test('the audit log tells in words what was done to a webhook', () => {
  const at = '2026-03-01T12:00:00.000Z'
  const told = (action: 'webhook.updated' | 'webhook.disabled' | 'webhook.rotated', changes: object) =>
    describeChanges({ action, actor: null, at, changes: { webhook_id: 'of no use', ...changes } })
  expect(
    told('webhook.updated', {
      events: { from: ['key.*'], to: ['key.*', 'plan.*'] },
      description: { from: null, to: 'Chat' },
      enabled: { from: false, to: true },
      resume_from: 'stopped',
    }),
  ).toEqual([
    { label: 'Events', kind: 'permissions', added: ['plan.*'], removed: [] },
    { label: 'Description', kind: 'value', from: { kind: 'none', text: 'None' }, to: text('Chat') },
    { label: 'Enabled', kind: 'value', from: text('No'), to: text('Yes') },
    { label: 'It goes on', kind: 'value', to: text('From where it stopped') },
  ])
  expect(told('webhook.disabled', { url: 'https://example.com/…', reason: 'failing' })).toEqual([
    { label: 'URL', kind: 'value', to: text('https://example.com/…') },
    { label: 'Because', kind: 'value', to: text('No delivery had succeeded for 5 days') },
  ])
  expect(told('webhook.rotated', { grace_ends_at: null })).toEqual([
    { label: 'Old secret ends', kind: 'value', to: { kind: 'none', text: 'At once' } },
  ])
})

test('of two versions of a webhook, what people edit is compared, and whether it was disabled', () => {
  const webhook = { url: 'https://a.example', events: ['key.*'], description: null, disabled_at: null }
  const at = '2026-03-01T12:00:00.000Z'
  const labels = differences(webhook, {
    ...{ url: 'https://b.example', events: ['*'], description: 'B', disabled_at: at },
  }).map(({ label }) => label)
  expect(labels).toEqual(['URL', 'Events', 'Description', 'Disabled'])
  expect(differences(webhook, { ...webhook, pending: 7 })).toEqual([])
})

function text(text: string) {
  return { kind: 'text', text }
}
