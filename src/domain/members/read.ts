// Members as they are read: one with its identities, the one that asks, and lists of them.

import { narrowScope, scopeOf } from '../../core/access.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { parseInput } from '../../core/input.ts'
import type { Role } from '../../core/roles.ts'
import {
  type ListMembersInput,
  listMembersSchema,
  type Member,
  type MemberDetails,
  type OwnMember,
} from '../../core/shapes/members.ts'
import type { Page } from '../../core/shapes/page.ts'
import { turnOf } from '../../fairness/caller-turn.ts'
import { findMemberSessions } from '../../store/member-sessions.ts'
import { listStandings, readMemberSlice } from '../../store/members.ts'
import { getOrganizationRow } from '../../store/organizations.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import { readPage } from '../listing.ts'
import { getMemberRow, toMember, toMemberDetails } from './rules.ts'

/** Gets a member with its identities. Throws `member_not_found`, for a foreign id too. */
export async function getMember(engine: Engine, id: string, options: CommandOptions): Promise<MemberDetails> {
  const actor = actorOf(options)
  return engine.store.read(
    async (db) => toMemberDetails(db, await getMemberRow(db, id, scopeOf(actor))),
    turnOf(actor, options),
  )
}

/** Gets the member that asks, and for whom else the same person may act. Throws `member_not_found` for who is none. */
export async function getOwnMember(engine: Engine, options: CommandOptions): Promise<OwnMember> {
  const actor = actorOf(options)
  if (actor.type !== 'member')
    throw new LatchkeyError('member_not_found', 'The caller is a key, and not a member.')
  return engine.store.read(
    async (db) => {
      const row = await getMemberRow(db, actor.memberId, actor.organizationId)
      const standings = await listStandings(db, engine.mayAct, [actor.identityId])
      const [session] = await findMemberSessions(db, [actor.sessionId])
      return {
        ...(await toMemberDetails(db, row)),
        organizations: standings.map((standing) => ({
          id: standing.organization_id,
          name: standing.organization_name,
          memberId: standing.member_id,
          role: standing.role as Role,
        })),
        freshUntil: new Date(session?.fresh_until ?? 0),
      }
    },
    turnOf(actor, options),
  )
}

/** Lists members page by page, newest first. Throws `invalid_input`, `organization_not_found`, `too_many_reads`. */
export async function listMembers(
  engine: Engine,
  input: ListMembersInput = {},
  options: CommandOptions,
): Promise<Page<Member>> {
  const { organizationId, status, limit, after } = parseInput(listMembersSchema, input)
  const actor = actorOf(options)
  const scope = narrowScope(actor, organizationId)
  const turn = turnOf(actor, options)
  if (organizationId !== undefined)
    await engine.store.read((db) => getOrganizationRow(db, organizationId), turn)
  return readPage(
    engine,
    {
      name: 'members',
      type: 'number',
      limit,
      after,
      turn,
      read: (db, position, bounds) => readMemberSlice(db, { scope, status, after: position }, bounds),
    },
    toMember,
  )
}
