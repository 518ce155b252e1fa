// `latchkey keys suspend`, `resume` and `revoke`: whether the tokens of a key are taken.
import { type Connection, serverOrDatabase } from '../kit/connection.ts'
import { defineCommand } from '../kit/define-command.ts'
import { print, quote } from '../kit/output.ts'
import { describeApplied } from './key-views.ts'

const changes = () => import('../../core/shapes/key-changes.ts')
const id = { id: 'the id of the key' }
const exampleId = '019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071'

export const keyStateCommands = [
  defineCommand({
    path: 'keys suspend',
    summary: 'refuse the tokens of a key until it is resumed',
    on: serverOrDatabase,
    arguments: id,
    shape: async () => (await changes()).suspendSchema,
    texts: { reason: 'why, for people' },
    wait: true,
    edits: true,
    examples: [`latchkey keys suspend ${exampleId} --reason "Unpaid invoice" --wait`],
    run: ({ keys }, { args, input, wait }) => keys.suspend(args.id, input, wait),
    print: ({ applied }, { args }) => print(`Suspended the key ${args.id}.`, ...describeApplied(applied)),
  }),
  defineCommand({
    path: 'keys resume',
    summary: 'resume a suspended key',
    on: serverOrDatabase,
    arguments: id,
    wait: true,
    edits: true,
    examples: [`latchkey keys resume ${exampleId}`],
    run: ({ keys }, { args, wait }) => keys.resume(args.id, wait),
    print: ({ applied }, { args }) => print(`Resumed the key ${args.id}.`, ...describeApplied(applied)),
  }),
  defineCommand({
    path: 'keys revoke',
    summary: 'revoke a key permanently',
    on: serverOrDatabase,
    arguments: id,
    shape: async () => (await changes()).revokeKeySchema,
    texts: {
      reason: 'why: unspecified (the default), compromised, superseded, no_longer_used or owner_left',
    },
    wait: true,
    edits: true,
    confirm: ({ args }) => ask(args.id, (key) => `Revoke ${key} permanently?`),
    examples: [
      `latchkey keys revoke ${exampleId} --yes --wait`,
      `latchkey keys revoke ${exampleId} --reason compromised`,
    ],
    run: async ({ keys }, { args, input, wait }) => ({
      success: true,
      ...(await keys.revoke(args.id, { ...wait, ...input })),
    }),
    print: ({ applied }, { args }) => print(`Revoked the key ${args.id}.`, ...describeApplied(applied)),
  }),
  defineCommand({
    path: 'keys revoke-self',
    summary: 'revoke the key in LATCHKEY_KEY, whose token is no longer safe',
    on: serverOrDatabase,
    onServerOnly: true,
    shape: async () => (await changes()).revokeKeySchema,
    texts: {
      reason: 'why: unspecified (the default), compromised, superseded, no_longer_used or owner_left',
    },
    wait: true,
    confirm: () => async () => 'Revoke the key that asks permanently?',
    examples: ['latchkey keys revoke-self --reason compromised --yes'],
    notes: 'An old token in its grace ends itself alone.',
    run: async ({ keys }, { input, wait }) => ({
      success: true,
      ...(await keys.revokeSelf({ ...wait, ...input })),
    }),
    print: ({ applied }) => print('Revoked the key.', ...describeApplied(applied)),
  }),
  defineCommand({
    path: 'keys clear-exposure',
    summary: 'clear the mark that a key leaked, once that is dealt with',
    on: serverOrDatabase,
    arguments: id,
    examples: [`latchkey keys clear-exposure ${exampleId}`],
    run: async ({ keys }, { args }) => {
      await keys.clearExposure(args.id)
      return { success: true }
    },
    print: (_, { args }) => print(`Cleared the mark of the key ${args.id}.`),
  }),
]

/** Asks about a key by its name. */
export function ask(
  id: string,
  question: (key: string) => string,
): (connection: Connection) => Promise<string> {
  return async ({ keys }) => {
    const { name, organizationId } = await keys.get(id)
    return question(`the key ${quote(name)} of ${organizationId}`)
  }
}
