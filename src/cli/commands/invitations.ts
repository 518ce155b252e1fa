// `latchkey invitations …`: who is invited to become a member.
import type { Invitation } from '../../core/shapes/invitations.ts'
import { serverOrDatabase } from '../kit/connection.ts'
import { defineCommand } from '../kit/define-command.ts'
import { defineList } from '../kit/define-list.ts'
import { formatFields, print, quote } from '../kit/output.ts'
import { type Column, printTable } from '../kit/table.ts'
import { formatAgo, formatInstant } from '../kit/times.ts'

const id = { id: 'the id of the invitation' }

const columns: Column<Invitation>[] = [
  { heading: 'ID', value: ({ id }) => id },
  { heading: 'ADDRESS', value: ({ email }) => email, shrinks: true },
  { heading: 'ORGANIZATION', value: ({ organizationId }) => organizationId, leaves: 3 },
  { heading: 'ROLE', value: ({ role }) => role },
  { heading: 'STATUS', value: ({ status }) => status, leaves: 2 },
  { heading: 'CREATED', value: ({ createdAt }) => formatAgo(createdAt, Date.now()), leaves: 1 },
]

export const invitationCommands = [
  defineList({
    path: 'invitations list',
    summary: 'list invitations, newest first',
    shape: async () => (await import('../../core/shapes/invitations.ts')).listInvitationsSchema,
    texts: {
      organizationId: 'only invitations of this organization',
      status: 'only invitations of this status (default: pending)',
      limit: 'maximum number of results (default: 1000)',
    },
    examples: [
      'latchkey invitations list --organization acme',
      'latchkey invitations list --status all --json',
    ],
    read: ({ invitations }, input) => invitations.list(input),
    none: 'No invitations.',
    print: (items, isWide) => printTable(columns, items, { isWide }),
  }),
  defineCommand({
    path: 'invitations show',
    summary: 'show an invitation, without its link',
    on: serverOrDatabase,
    arguments: id,
    examples: ['latchkey invitations show 0198f3a2-5c1b-7000-8000-7a8b9c0d1e2f'],
    run: ({ invitations }, { args }) => invitations.get(args.id),
    print: printInvitation,
  }),
  defineCommand({
    path: 'invitations renew',
    summary: 'give an invitation another link, and 72 hours more',
    on: serverOrDatabase,
    arguments: id,
    examples: ['latchkey invitations renew 0198f3a2-5c1b-7000-8000-7a8b9c0d1e2f'],
    run: ({ invitations }, { args }) => invitations.renew(args.id),
    print: printInvitation,
  }),
  defineCommand({
    path: 'invitations revoke',
    summary: 'revoke an invitation',
    on: serverOrDatabase,
    arguments: id,
    confirm:
      ({ args }) =>
      async ({ invitations }) => {
        const { email, organizationId } = await invitations.get(args.id)
        return `Revoke the invitation of ${quote(email)} to ${organizationId}?`
      },
    examples: ['latchkey invitations revoke 0198f3a2-5c1b-7000-8000-7a8b9c0d1e2f --yes'],
    run: async ({ invitations }, { args }) => {
      await invitations.revoke(args.id)
      return { success: true }
    },
    print: (_, { args }) => print(`Revoked the invitation ${args.id}.`),
  }),
]

/** Prints an invitation, with its link if this is the answer that has it. */
export function printInvitation(invitation: Invitation): void {
  const { id, email, name, organizationId, role, status, sent, expiresAt, url } = invitation
  print(
    ...formatFields([
      ['Id', id],
      ['Address', email],
      ['Name', name ?? 'none'],
      ['Organization', organizationId],
      ['Role', role],
      ['Status', status],
      ['Sent by mail', sent ? 'yes' : 'no'],
      ['Expires', formatInstant(expiresAt, Date.now())],
    ]),
  )
  if (url !== null) print('', `Hand this link to the person. It opens once: ${url}`)
}
