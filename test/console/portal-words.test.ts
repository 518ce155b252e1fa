// What the console says of events of the customer page: the pure part, without a browser.
import { expect, test } from 'vitest'
import { describeChanges } from '../../console/format/audit-changes.ts'

test('a session of the customer page is told with its user, where it opens and what it may', () => {
  const changes = { portal_session_id: '0198', user_id: 'u_81', kind: 'embed', permissions: ['emails:*'] }
  const event = {
    id: '01900000-0000-7000-8000-000000000001',
    at: '2026-03-01T12:00:00.000Z',
    action: 'portal_session.created',
    actor: '01900000-0000-7000-8000-000000000002',
    actor_type: 'key',
    organization_id: 'acme',
    key_id: null,
    changes,
    request_id: null,
    ip: null,
    is_erased: false,
    sequence: 1,
    via: null,
  } as const
  expect(describeChanges(event)).toEqual([
    { label: 'Session', kind: 'value', to: { kind: 'code', text: '0198' } },
    { label: 'User', kind: 'value', to: { kind: 'text', text: 'u_81' } },
    { label: 'Opens', kind: 'value', to: { kind: 'text', text: 'In an element of your page' } },
    { label: 'Permissions', kind: 'permissions', added: ['emails:*'], removed: [] },
  ])
})
