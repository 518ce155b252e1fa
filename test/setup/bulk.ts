// Fills a database with many rows at once, past Latchkey: no tokens, but rows as Latchkey would have written them.
import type { DirectConnection } from './direct.ts'

/**
 * Adds `count` keys to an organization that is there: of ten, one is revoked, one expired, one expires a year after
 * `now`, and one of 500 has the tag `rare`; instants and names are in no order of one another.
 */
export async function addManyKeys(
  direct: DirectConnection,
  organizationId: string,
  count: number,
  now: number,
): Promise<void> {
  const id = `'0192f0c1-0000-7000-8000-' || cast(100000000000 + i as text)`
  await direct.run(`with recursive numbers (i) as (select cast(1 as bigint) union all select i + 1 from numbers where i < ${count})
    insert into keys (id, organization_id, name, name_folded, permissions, metadata, created_by, created_at,
      expires_at, revoked_at, last_used_at, prefix, kid, revision, tags)
    select ${id}, '${organizationId}', 'Key ' || ((i * 7919) % 100003), 'key ' || ((i * 7919) % 100003), '["emails:send"]', '{}', null,
      ${now} - 100000000 + (i * 104729) % 99999989,
      case i % 10 when 1 then ${now} - i when 2 then ${now} + 31536000000 end,
      case i % 10 when 0 then ${now} - i end,
      case i % 3 when 0 then 0 else ${now} - (i * 31) % 99991 end,
      're', cast(1000000000000000 + i as text), 0,
      case i % 500 when 3 then '["rare"]' else '[]' end
    from numbers`)
  await direct.run('analyze')
}

/** Adds `count` events of an organization, each a millisecond older than the one before it, from `now` on. */
export async function addManyEvents(
  direct: DirectConnection,
  organizationId: string,
  count: number,
  now: number,
): Promise<void> {
  const rows = Array.from({ length: count }, (_, i) => {
    const time = (now - i).toString(16).padStart(12, '0')
    const id = `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`
    const changes = JSON.stringify({ name: { from: `=${i}`, to: '"é,' } })
    return `('${id}', ${now - i}, 'key.updated', null, '${organizationId}', null, '${changes}', '-r${i}', null)`
  })
  await direct.run(
    `insert into audit_events (id, at, action, actor, organization_id, key_id, changes, request_id, ip) values ${rows.join()}`,
  )
}
