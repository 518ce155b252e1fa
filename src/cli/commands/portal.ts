// `latchkey portal …`: sessions of your users on their customers' page.
import type { PortalSession } from '../../core/shapes/portal-sessions.ts'
import { serverOrDatabase } from '../kit/connection.ts'
import { defineCommand } from '../kit/define-command.ts'
import { defineList } from '../kit/define-list.ts'
import { print, printNote, quote, toPrintable } from '../kit/output.ts'
import { type Column, printTable } from '../kit/table.ts'
import { formatAgo, formatInstant } from '../kit/times.ts'

const shapes = () => import('../../core/shapes/portal-sessions.ts')

/** The shape of a session, with its user in two fields: there is one only with an origin, so none says of which kind it is. */
async function creationShape() {
  const [{ z }, { createPortalSessionSchema }] = await Promise.all([import('zod'), shapes()])
  const { kind: _, user, organizationId, ...others } = createPortalSessionSchema.shape
  return z.strictObject({ organizationId, userId: user.shape.id, userName: user.shape.name, ...others })
}

const columns: Column<PortalSession>[] = [
  { heading: 'ID', value: ({ id }) => id },
  { heading: 'USER', value: ({ user }) => user.name ?? user.id, shrinks: true },
  { heading: 'ORGANIZATION', value: ({ organizationId }) => organizationId, leaves: 3 },
  { heading: 'KIND', value: ({ kind }) => kind, leaves: 2 },
  { heading: 'CREATED', value: ({ createdAt }) => formatAgo(createdAt, Date.now()), leaves: 1 },
  { heading: 'ENDS', value: describeEnd },
]

export const portalCommands = [
  defineCommand({
    path: 'portal create',
    summary: 'make a session of a user, and print its link or token on standard output, once',
    on: serverOrDatabase,
    shape: creationShape,
    texts: {
      organizationId: 'the organization whose keys the user sees',
      userId: 'the id of the user, which is your own',
      userName: 'what pages call the user (default: what they call it so far)',
      permissions:
        'what the user may do: latchkey:keys:read, latchkey:keys:write, latchkey:usage:read; and what its keys may be granted (repeatable)',
      prefixes: 'a prefix of the tokens of its keys (repeatable; default: any)',
      expiresInSeconds: 'how long the session lasts, at most 12h (default: 1h, or 15m with --origin)',
      origin: 'make a token for <latchkey-keys> in pages of this origin, in place of a link',
      returnUrl: 'where the page of the link leads back to',
      scheme: 'auto, light or dark (default: auto)',
      lang: 'the language of the page, such as de (default: as the browser prefers)',
    },
    makes: true,
    examples: [
      'latchkey portal create --organization acme --user u_81 --permission latchkey:keys:read',
      'LINK=$(latchkey portal create --organization acme --user u_81 --user-name Ada --permission latchkey:keys:read --permission latchkey:keys:write --permission "emails:*" --return-url https://app.example.com/settings)',
      'TOKEN=$(latchkey portal create --organization acme --user u_81 --permission latchkey:keys:read --origin https://app.example.com)',
    ],
    notes:
      'The link opens once, within five minutes: redirect a user to it who is signed in, and send it to nobody by mail. It needs LATCHKEY_PUBLIC_URL.',
    run: ({ portalSessions }, { input, once }) => {
      const { userId, userName, ...fields } = input
      const user = { id: userId, ...(userName !== undefined && { name: userName }) }
      const kind = input.origin == null ? ('link' as const) : ('embed' as const)
      return portalSessions.create({ ...fields, kind, user }, once)
    },
    print: printMade,
  }),
  defineList({
    path: 'portal list',
    summary: 'list sessions of users, newest first',
    shape: async () => (await shapes()).listPortalSessionsSchema,
    texts: {
      organizationId: 'only sessions of this organization',
      userId: 'only sessions of this user',
      limit: 'maximum number of results (default: 1000)',
    },
    examples: [
      'latchkey portal list --organization acme',
      'latchkey portal list --organization acme --user u_81 --json',
    ],
    read: ({ portalSessions }, input) => portalSessions.list(input),
    none: 'No portal sessions.',
    print: (items, isWide) => printTable(columns, items, { isWide }),
  }),
  defineCommand({
    path: 'portal end',
    summary: 'end a session of a user',
    on: serverOrDatabase,
    arguments: { id: 'the id of the session' },
    examples: ['latchkey portal end 0198f3a2-5c1b-7000-8000-5f4e3d2c1b0a'],
    run: async ({ portalSessions }, { args }) => {
      await portalSessions.end(args.id)
      return { success: true }
    },
    print: (_, { args }) => print(`Ended the portal session ${args.id}.`),
  }),
  defineCommand({
    path: 'portal end-all',
    summary: 'end all sessions of a user, or of an organization',
    on: serverOrDatabase,
    shape: async () => (await shapes()).endPortalSessionsSchema,
    texts: { organizationId: 'the organization of the sessions', userId: 'only the sessions of this user' },
    examples: [
      'latchkey portal end-all --organization acme --user u_81',
      'latchkey portal end-all --organization acme',
    ],
    run: async ({ portalSessions }, { input }) => {
      await portalSessions.endAll(input)
      return { success: true }
    },
    print: (_, { input: { organizationId, userId } }) =>
      print(
        userId === undefined
          ? `Ended the portal sessions of ${organizationId}.`
          : `Ended the portal sessions of the user ${quote(userId)} of ${organizationId}.`,
      ),
  }),
  defineCommand({
    path: 'portal forget-user',
    summary: 'end the sessions of a user, and forget its name',
    on: serverOrDatabase,
    arguments: { organization: 'the id of the organization', user: 'the id of the user' },
    confirm:
      ({ args }) =>
      async ({ organizations }) => {
        const { name } = await organizations.get(args.organization)
        return `End the portal sessions of the user ${quote(args.user)} of ${quote(name)}, and forget its name?`
      },
    examples: ['latchkey portal forget-user acme u_81 --yes'],
    notes:
      'The audit log goes on to name the user by its id: `latchkey audit erase --organization <id> --actor <user>` erases that.',
    run: async ({ portalSessions }, { args }) => {
      await portalSessions.forgetUser(args.organization, args.user)
      return { success: true }
    },
    print: (_, { args }) => print(`Forgot the user ${quote(args.user)} of ${args.organization}.`),
  }),
]

/** Prints the link or the token alone on standard output, so that a script can keep it; nobody is told it again. */
function printMade(session: PortalSession): void {
  const { kind, url, token, organizationId, user, origin, expiresAt, urlExpiresAt } = session
  const now = Date.now()
  printNote(`Made the portal session ${session.id} of the user ${quote(user.id)} of ${organizationId}.`)
  print(toPrintable(url ?? token ?? ''))
  printNote(
    kind === 'link'
      ? `The link opens once, until ${formatInstant(urlExpiresAt, now)}. It cannot be shown again.`
      : `The token is for pages of ${toPrintable(origin ?? '')}. It cannot be shown again.`,
    `The session ends ${formatInstant(expiresAt, now)}.`,
  )
}

function describeEnd({ endedAt, expiresAt }: PortalSession): string {
  const now = Date.now()
  if (endedAt !== null) return `ended ${formatAgo(endedAt, now)}`
  return expiresAt.getTime() > now ? formatAgo(expiresAt, now) : 'expired'
}
