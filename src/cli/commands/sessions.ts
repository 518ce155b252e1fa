// `latchkey sessions …`: where a key is signed in.
import type { Session } from '../../core/shapes/sessions.ts'
import { serverOrDatabase } from '../kit/connection.ts'
import { defineCommand } from '../kit/define-command.ts'
import { print, printNote } from '../kit/output.ts'
import { printTable, wideOption } from '../kit/table.ts'
import { formatAgoCell } from '../kit/times.ts'

const ofKey = {
  shape: async () => (await import('../../core/shapes/sessions.ts')).sessionOwnerSchema,
  onDatabaseOnly: ['keyId'],
  texts: {
    keyId: 'the key that owns the sessions, on a database; on a server it is the key in LATCHKEY_KEY',
  },
} as const

export const sessionCommands = [
  defineCommand({
    ...ofKey,
    path: 'sessions list',
    summary: 'list the sessions of a key, newest first',
    on: serverOrDatabase,
    examples: [
      'latchkey sessions list --url https://keys.example.com',
      'latchkey sessions list --key 019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071',
    ],
    options: [wideOption()],
    run: ({ sessions }, { input }) => sessions.list(input),
    print: (sessions, { options }) => printSessions(sessions, options.output === 'wide'),
  }),
  defineCommand({
    ...ofKey,
    path: 'sessions end',
    summary: 'end a session',
    on: serverOrDatabase,
    arguments: { id: 'the id of the session, as in `latchkey sessions list`' },
    examples: [
      'latchkey sessions end 019ab3c4-6e7f-7081-9a1b-2c3d4e5f6071 --url https://keys.example.com',
      'latchkey sessions end 019ab3c4-6e7f-7081-9a1b-2c3d4e5f6071 --key 019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071',
    ],
    run: async ({ sessions }, { args, input }) => {
      await sessions.end(args.id, input)
      return { success: true }
    },
    print: (_, { args }) => print(`Ended the session ${args.id}.`),
  }),
]

function printSessions(sessions: readonly Session[], isWide: boolean): void {
  if (sessions.length === 0) {
    printNote('No sessions.')
    return
  }
  const now = Date.now()
  printTable<Session>(
    [
      { heading: 'ID', value: ({ id }) => id },
      { heading: 'CREATED', value: ({ createdAt }) => formatAgoCell(createdAt, now), leaves: 1 },
      { heading: 'LAST SEEN', value: ({ lastSeenAt }) => formatAgoCell(lastSeenAt, now), leaves: 4 },
      { heading: 'EXPIRES', value: ({ idleExpiresAt }) => formatAgoCell(idleExpiresAt, now), leaves: 2 },
      { heading: 'IP', value: ({ ip }) => ip ?? 'unknown', leaves: 3 },
      { heading: 'BROWSER', value: ({ userAgent }) => userAgent ?? 'unknown', shrinks: true },
    ],
    sessions,
    { isWide },
  )
}
