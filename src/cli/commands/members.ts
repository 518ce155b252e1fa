// `latchkey members …`: the people of organizations.
import { Option } from 'commander'
import type { Changed, EditOptions } from '../../core/shapes/calls.ts'
import type { Departure, Member, MemberDetails } from '../../core/shapes/members.ts'
import { type Connection, serverOrDatabase } from '../kit/connection.ts'
import { defineCommand } from '../kit/define-command.ts'
import { defineList } from '../kit/define-list.ts'
import { formatFields, print, quote } from '../kit/output.ts'
import { type Column, printTable } from '../kit/table.ts'
import { formatAgo, formatInstant } from '../kit/times.ts'
import { printInvitation } from './invitations.ts'
import { describeApplied } from './key-views.ts'

const shapes = () => import('../../core/shapes/members.ts')
const id = { id: 'the id of the member' }

const columns: Column<Member>[] = [
  { heading: 'ID', value: ({ id }) => id },
  { heading: 'NAME', value: nameOf, shrinks: true },
  { heading: 'ORGANIZATION', value: ({ organizationId }) => organizationId, leaves: 3 },
  { heading: 'ROLE', value: ({ role }) => role },
  { heading: 'STATUS', value: ({ status }) => status, leaves: 2 },
  {
    heading: 'LAST SEEN',
    value: ({ lastSeenAt }) => (lastSeenAt === null ? 'never' : formatAgo(lastSeenAt, Date.now())),
    leaves: 1,
  },
]

export const memberCommands = [
  defineList({
    path: 'members list',
    summary: 'list members, newest first',
    shape: async () => (await shapes()).listMembersSchema,
    texts: {
      organizationId: 'only members of this organization',
      status: 'active (the default), suspended, removed or all',
      limit: 'maximum number of results (default: 1000)',
    },
    examples: ['latchkey members list --organization acme', 'latchkey members list --status all --json'],
    read: ({ members }, input) => members.list(input),
    none: 'No members.',
    print: (items, isWide) => printTable(columns, items, { isWide }),
  }),
  defineCommand({
    path: 'members show',
    summary: 'show a member, and by what it signs in',
    on: serverOrDatabase,
    arguments: id,
    examples: ['latchkey members show 0198f3a2-5c1b-7000-8000-0d1c2b3a4f5e'],
    run: ({ members }, { args }) => members.get(args.id),
    print: printMember,
  }),
  defineCommand({
    path: 'members invite',
    summary: 'invite a person, who becomes a member by a link',
    on: serverOrDatabase,
    shape: async () => (await import('../../core/shapes/invitations.ts')).createInvitationSchema,
    texts: {
      organizationId: 'the organization that invites',
      email: 'the address of the person',
      role: 'what the person may do: owner, admin, developer, viewer or auditor',
      name: 'the name of the person',
      send: 'send the link to the person by mail',
    },
    makes: true,
    examples: [
      'latchkey members invite --organization acme --email ada@acme.example --role admin',
      'latchkey members invite --organization acme --email ada@acme.example --role admin --send',
      'latchkey members invite --organization root --email ada@example.com --role owner --database sqlite:latchkey.db',
    ],
    notes:
      'The link opens once, and for 72 hours. It needs LATCHKEY_PUBLIC_URL, and LATCHKEY_SMTP_URL to send it. Who holds the database can always invite an owner of the root organization: that is also the way back in.',
    run: ({ invitations }, { input, once }) => invitations.create(input, once),
    print: printInvitation,
  }),
  defineCommand({
    path: 'members role',
    summary: 'give a member another role',
    on: serverOrDatabase,
    arguments: { ...id, role: 'owner, admin, developer, viewer or auditor' },
    wait: true,
    edits: true,
    examples: ['latchkey members role 0198f3a2-5c1b-7000-8000-0d1c2b3a4f5e viewer'],
    run: ({ members }, { args, wait }) =>
      members.update(args.id, { role: args.role as Member['role'] }, wait),
    print: (member) => {
      print(`${quote(nameOf(member))} is ${member.role} of ${member.organizationId} now.`)
      print(...describeApplied(member.applied))
    },
  }),
  defineCommand({
    path: 'members suspend',
    summary: 'keep a member from acting until it is resumed, and end its sessions',
    on: serverOrDatabase,
    arguments: id,
    shape: async () => (await import('../../core/shapes/key-changes.ts')).suspendSchema,
    texts: { reason: 'why, for people' },
    wait: true,
    edits: true,
    confirm: ({ args }) => ask('Suspend', args.id),
    examples: ['latchkey members suspend 0198f3a2-5c1b-7000-8000-0d1c2b3a4f5e --reason "On leave" --yes'],
    run: ({ members }, { args, input, wait }) => members.suspend(args.id, input, wait),
    print: (left, { args }) => printDeparture('Suspended', args.id, left),
  }),
  defineCommand({
    path: 'members resume',
    summary: 'resume a suspended member',
    on: serverOrDatabase,
    arguments: id,
    wait: true,
    edits: true,
    examples: ['latchkey members resume 0198f3a2-5c1b-7000-8000-0d1c2b3a4f5e'],
    run: ({ members }, { args, wait }) => members.resume(args.id, wait),
    print: ({ applied }, { args }) => print(`Resumed the member ${args.id}.`, ...describeApplied(applied)),
  }),
  defineCommand({
    path: 'members reset',
    summary: 'invite a member anew that has lost what it signs in by',
    on: serverOrDatabase,
    arguments: id,
    shape: async () => (await import('../../core/shapes/invitations.ts')).resetMemberSchema,
    texts: { send: 'send the link to the address of the member by mail' },
    confirm: ({ args }) => ask('Take from what it signs in by', args.id),
    examples: ['latchkey members reset 0198f3a2-5c1b-7000-8000-0d1c2b3a4f5e --yes'],
    run: ({ members }, { args, input }) => members.reset(args.id, input),
    print: printInvitation,
  }),
  defineCommand({
    path: 'members remove',
    summary: 'remove a member permanently; the keys that it has made stay',
    on: serverOrDatabase,
    arguments: id,
    options: [
      new Option(
        '--management-keys <what>',
        'keep or revoke the keys with a latchkey: permission whose tokens it has seen',
      ).choices(['keep', 'revoke']),
    ],
    wait: true,
    edits: true,
    confirm: ({ args }) => ask('Remove', args.id),
    examples: [
      'latchkey members remove 0198f3a2-5c1b-7000-8000-0d1c2b3a4f5e --yes',
      'latchkey members remove 0198f3a2-5c1b-7000-8000-0d1c2b3a4f5e --management-keys revoke --yes',
    ],
    notes: 'The keys whose valid tokens it has seen: `latchkey keys list --token-seen-by <id>`.',
    run: ({ members }, { args, options, wait }) => {
      const managementKeys = options.managementKeys as 'keep' | 'revoke' | undefined
      return members.remove(args.id, { ...wait, ...(managementKeys && { managementKeys }) })
    },
    print: (left, { args }) => printDeparture('Removed', args.id, left),
  }),
  defineCommand({
    path: 'members erase',
    summary: 'erase the address, the name and the identities of a removed member',
    on: serverOrDatabase,
    arguments: id,
    confirm: ({ args }) => ask('Erase what is known of', args.id),
    examples: ['latchkey members erase 0198f3a2-5c1b-7000-8000-0d1c2b3a4f5e --yes'],
    run: ({ members }, { args }) => members.erase(args.id),
    print: (_, { args }) => print(`Erased who the member ${args.id} was.`),
  }),
]

/** Asks about a member by its name. */
function ask(what: string, memberId: string): (connection: Connection) => Promise<string> {
  return async ({ members }) => {
    const member = await members.get(memberId)
    return `${what} ${quote(nameOf(member))}, ${member.role} of ${member.organizationId}?`
  }
}

/** By what people know a member. */
function nameOf({ name, email, id }: Member): string {
  return name ?? email ?? `a former member (…${id.slice(-4)})`
}

function printMember(member: MemberDetails): void {
  const now = Date.now()
  const { email, emailVerified, lastSeenAt, suspendedAt, suspendedReason, removedAt } = member
  print(
    ...formatFields([
      ['Id', member.id],
      ['Name', member.name ?? 'none'],
      ['Address', email === null ? 'none' : `${email}${emailVerified ? '' : ' (not proved)'}`],
      ['Organization', member.organizationId],
      ['Role', member.role],
      ['Status', member.status],
      ['Last seen', lastSeenAt === null ? 'never' : formatInstant(lastSeenAt, now)],
      ['Created', formatInstant(member.createdAt, now)],
      ['Created by', member.createdBy ?? 'the operator'],
      ...(suspendedAt === null
        ? []
        : ([['Suspended', formatInstant(suspendedAt, now)]] as [string, string][])),
      ...(suspendedReason === null ? [] : ([['Reason', suspendedReason]] as [string, string][])),
      ...(removedAt === null ? [] : ([['Removed', formatInstant(removedAt, now)]] as [string, string][])),
      ...member.identities.map(({ provider, label }): [string, string] => [
        'Signs in',
        `${provider}: ${label}`,
      ]),
      ['Revision', member.revision],
    ]),
  )
}

function printDeparture(
  done: string,
  memberId: string,
  { sessionsEnded, tokensSeen, managementKeys, applied }: Changed<Departure, EditOptions>,
): void {
  print(
    `${done} the member ${memberId}. Sessions ended: ${sessionsEnded}.`,
    `It has seen valid tokens of ${tokensSeen} keys, ${managementKeys} of them with a latchkey: permission.`,
    ...describeApplied(applied),
  )
}
