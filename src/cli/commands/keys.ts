// `latchkey keys …`: the life of a key.
import { Option } from 'commander'
import {
  createKeySchema,
  getKeySchema,
  listKeysSchema,
  rotateKeySchema,
  updateKeySchema,
} from '../../core/shapes/keys.ts'
import { verifyOptionsSchema } from '../../core/shapes/verification.ts'
import type { Connection } from '../kit/connection.ts'
import { defineCommand } from '../kit/define-command.ts'
import { defineList } from '../kit/define-list.ts'
import { exitCodes } from '../kit/failures.ts'
import { print, quote } from '../kit/output.ts'
import {
  describeApplied,
  printCreated,
  printKey,
  printKeys,
  printRotated,
  printVerdict,
} from './key-views.ts'

const id = { id: 'the id of the key' }
const exampleId = '019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071'

export const keyCommands = [
  defineCommand({
    path: 'keys create',
    summary: 'create a key and print its token, this once, on standard output',
    shape: createKeySchema,
    texts: {
      organizationId: 'the organization that will own it',
      permissions: 'what it may do, such as emails:send or emails:* (repeatable)',
      expiresAt: 'when it stops to open anything',
      metadata: 'your own data',
      prefix: "the token's prefix, one of LATCHKEY_KEY_PREFIX",
      createdBy: 'your user on whose behalf',
    },
    examples: [
      'latchkey keys create --organization acme --name CI --permission emails:send --expires 90d',
      'TOKEN=$(latchkey keys create --organization acme --name CI)',
    ],
    run: ({ keys }, { input }) => keys.create(input),
    print: printCreated,
  }),
  defineList({
    path: 'keys list',
    summary: 'list keys, newest first',
    shape: listKeysSchema,
    texts: {
      status: 'active (the default), expired, revoked or all',
      organizationId: 'only keys of this organization',
      q: 'only keys whose name holds this',
      sort: '-created_at (the default), -last_used_at or name',
      limit: 'at most so many (default: 100)',
    },
    examples: [
      'latchkey keys list --organization acme --sort -last_used_at',
      'latchkey keys list --status all --all --json',
    ],
    read: ({ keys }, input) => keys.list(input),
    none: 'No keys.',
    print: printKeys,
  }),
  defineCommand({
    path: 'keys get',
    summary: 'show a key and its secrets',
    arguments: id,
    shape: getKeySchema,
    texts: { secretsAfter: 'the secrets that came before this one, where there are more than 100' },
    examples: [`latchkey keys get ${exampleId}`],
    run: ({ keys }, { args, input }) => keys.get(args.id, input),
    print: printKey,
  }),
  defineCommand({
    path: 'keys update',
    summary: 'change what is named and leave the rest',
    arguments: id,
    shape: updateKeySchema,
    texts: {
      permissions: 'what it may do from now on: replaces all that it might (repeatable)',
      expiresAt: 'when it stops to open anything',
      metadata: 'your own data, replaces what was there',
    },
    options: [new Option('--no-permissions', 'take all permissions away').conflicts('permission')],
    wait: true,
    examples: [`latchkey keys update ${exampleId} --permission emails:* --expires never`],
    run: ({ keys }, { args, input, options, wait }) =>
      keys.update(args.id, options.permissions === false ? { ...input, permissions: [] } : input, wait),
    print: (key) => {
      printKey(key)
      print(...describeApplied(key.applied))
    },
  }),
  defineCommand({
    path: 'keys rotate',
    summary: 'give a key a new token and print it, this once, on standard output',
    arguments: id,
    shape: rotateKeySchema,
    texts: { graceSeconds: 'how long the old token stays valid (default: not at all)' },
    wait: true,
    confirm: ({ args, input }) =>
      input.graceSeconds
        ? undefined
        : ask(
            args.id,
            (key) => `Rotate ${key}? Without --grace its tokens of today are refused from now on.`,
          ),
    examples: [
      `latchkey keys rotate ${exampleId} --grace 24h`,
      `TOKEN=$(latchkey keys rotate ${exampleId} --yes)`,
    ],
    run: ({ keys }, { args, input, wait }) => keys.rotate(args.id, input, wait),
    print: (key, { input }) => printRotated(key, input.graceSeconds ?? 0),
  }),
  defineCommand({
    path: 'keys end-secret',
    summary: "end a rotation's grace now: the old token opens nothing any more",
    arguments: { ...id, kid: 'the public id of the old secret, as in `latchkey keys get`' },
    wait: true,
    confirm: ({ args }) => ask(args.id, (key) => `End the secret ${quote(args.kid)} of ${key}, for ever?`),
    examples: [`latchkey keys end-secret ${exampleId} 0aB1cD2eF3gH4iJ5 --yes`],
    run: async ({ keys }, { args, wait }) => ({
      success: true,
      ...(await keys.endSecret(args.id, args.kid, wait)),
    }),
    print: ({ applied }, { args }) => print(`Ended the secret ${args.kid}.`, ...describeApplied(applied)),
  }),
  defineCommand({
    path: 'keys revoke',
    summary: 'revoke a key for ever',
    arguments: id,
    wait: true,
    confirm: ({ args }) => ask(args.id, (key) => `Revoke ${key}, for ever?`),
    examples: [`latchkey keys revoke ${exampleId} --yes --wait`],
    run: async ({ keys }, { args, wait }) => ({ success: true, ...(await keys.revoke(args.id, wait)) }),
    print: ({ applied }, { args }) => print(`Revoked the key ${args.id}.`, ...describeApplied(applied)),
  }),
  defineCommand({
    path: 'keys verify',
    summary: 'judge a token from standard input, or typed unseen; exits 1 where it is not valid',
    shape: verifyOptionsSchema.pick({ permissions: true }),
    texts: { permissions: 'what it must be allowed to do (repeatable: all of them)' },
    readsToken: true,
    examples: [
      'latchkey keys verify --permission emails:send',
      'printf %s "$TOKEN" | latchkey keys verify --json',
    ],
    run: (connection, { input, token }) => connection.verify(token, input),
    print: printVerdict,
    exitCode: ({ valid }) => (valid ? exitCodes.ok : exitCodes.refused),
  }),
]

/** Asks about a key by its name. */
function ask(id: string, question: (key: string) => string): (connection: Connection) => Promise<string> {
  return async ({ keys }) => {
    const { name, organizationId } = await keys.get(id)
    return question(`the key ${quote(name)} of ${organizationId}`)
  }
}
