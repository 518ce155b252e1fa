// `latchkey keys …`: the life of a key.
import { Option } from 'commander'
import { type PermissionPreset, permissionPresets } from '../../core/permissions.ts'
import type { CreateKeyInput } from '../../core/shapes/key-changes.ts'
import type { RotateKeyFields, RotateKeyInput } from '../../core/shapes/rotations.ts'
import { serverOrDatabase } from '../kit/connection.ts'
import { defineCommand } from '../kit/define-command.ts'
import { defineList } from '../kit/define-list.ts'
import { CommandError, exitCodes } from '../kit/failures.ts'
import { given } from '../kit/options.ts'
import { print, printNote, quote } from '../kit/output.ts'
import { childCommands } from './children.ts'
import { bulkCommand } from './key-bulk.ts'
import { filterTexts } from './key-filters.ts'
import { findCommand } from './key-find.ts'
import { recipesCommand } from './key-recipes.ts'
import { ask, keyStateCommands } from './key-states.ts'
import {
  describeApplied,
  describeUncatalogued,
  printCreated,
  printKey,
  printKeys,
  printPermissions,
  printPlaces,
  printPreview,
  printRotated,
  printVerdict,
} from './key-views.ts'
import { addUnitsCommand, limitsCommand, noLimitsOption, removedLimits, withPlanLimits } from './limits.ts'
import { prefixCommands } from './prefixes.ts'
import { asAsked, figureOptions, figureTexts, printFigures } from './usage-views.ts'

const changes = () => import('../../core/shapes/key-changes.ts')
const id = { id: 'the id of the key' }
const exampleId = '019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071'

/** The input with the permissions of a preset, if one was named. */
function withPreset(input: CreateKeyInput, preset: unknown): CreateKeyInput {
  if (preset === undefined) return input
  return {
    ...input,
    permissions: [...(input.permissions ?? []), ...permissionPresets[preset as PermissionPreset]],
  }
}

export const keyCommands = [
  defineCommand({
    path: 'keys create',
    summary: 'create a key and print its token on standard output, once',
    on: serverOrDatabase,
    shape: async () => (await changes()).createKeySchema,
    texts: {
      organizationId: 'the organization that will own it',
      permissions: 'permission to grant, such as emails:send or emails:* (repeatable)',
      expiresAt: 'when the key expires',
      notBefore: 'from when on the key is valid',
      allowedIps: 'address or network from which it may be used, such as 10.0.0.0/8 (repeatable)',
      metadata: 'your own data, stored with the key',
      description: 'what the key is for',
      tags: 'a word under which the key is found (repeatable)',
      prefix: 'the prefix of the token: one of `latchkey keys prefixes`',
      createdBy: 'the id of your user for whom the key is created',
      parentId: 'the id of the key of which it is to be a child',
      decoy: 'make a decoy, which opens nothing and tells when it is tried',
      limits: 'how much its calls may draw (repeatable)',
    },
    examples: [
      'latchkey keys create --organization acme --name CI --permission emails:send --expires 90d',
      'latchkey keys create --organization acme --name CI --limit requests=100/1m --limit credits=10000/month',
      'TOKEN=$(latchkey keys create --organization acme --name CI)',
      'latchkey keys create --organization acme --name "Backup of the mailer" --decoy',
    ],
    options: [
      new Option('--preset <name>', 'grant the permissions of a role in Latchkey itself, too').choices(
        Object.keys(permissionPresets),
      ),
    ],
    makes: true,
    run: ({ keys }, { input, options, once }) => keys.create(withPreset(input, options.preset), once),
    print: printCreated,
  }),
  defineList({
    path: 'keys list',
    summary: 'list keys, newest first',
    shape: async () => (await import('../../core/shapes/key-lists.ts')).listKeysSchema,
    texts: {
      ...filterTexts,
      breaksPolicy: 'only keys that break a policy, with the rules that each breaks',
      count: 'count all results, up to 10,000',
      sort: '-created_at (the default), -last_used_at, last_used_at, expires_at or name',
      limit: 'maximum number of results (default: 1000)',
    },
    examples: [
      'latchkey keys list --organization acme --sort -last_used_at',
      'latchkey keys list --expires-before 7d --sort expires_at',
      'latchkey keys list --unused-since 90d --sort last_used_at',
      'latchkey keys list --tag team:billing --permission emails:send --count',
      'latchkey keys list --breaks-policy',
      'latchkey keys list --decoy',
      'latchkey keys list --exposed',
      'latchkey keys list --status all --all --json',
    ],
    read: ({ keys }, input) => keys.list(input),
    none: 'No keys.',
    print: printKeys,
  }),
  defineCommand({
    path: 'keys get',
    summary: 'show a key and its secrets',
    on: serverOrDatabase,
    arguments: id,
    shape: async () => (await import('../../core/shapes/keys.ts')).getKeySchema,
    texts: { secretsAfter: 'older secrets than this one, if the key has more than 100' },
    examples: [`latchkey keys get ${exampleId}`],
    run: ({ keys }, { args, input }) => keys.get(args.id, input),
    print: printKey,
  }),
  defineCommand({
    path: 'keys permissions',
    summary: 'show which permissions of a key its calls of the last 90 days needed',
    on: serverOrDatabase,
    arguments: id,
    examples: [`latchkey keys permissions ${exampleId}`],
    run: ({ keys }, { args }) => keys.readPermissions(args.id),
    print: printPermissions,
  }),
  defineCommand({
    path: 'keys places',
    summary: 'show from where a key is called',
    on: serverOrDatabase,
    arguments: id,
    examples: [`latchkey keys places ${exampleId}`],
    run: ({ keys }, { args }) => keys.readPlaces(args.id),
    print: printPlaces,
  }),
  defineCommand({
    path: 'keys forget-places',
    summary: 'forget from where a key was called: the addresses and user agents of its calls',
    on: serverOrDatabase,
    arguments: id,
    confirm: ({ args }) => ask(args.id, (key) => `Forget from where ${key} was called, permanently?`),
    examples: [`latchkey keys forget-places ${exampleId} --yes`],
    notes: 'On a server the key in LATCHKEY_KEY needs latchkey:keys:write, as for every change of a key.',
    run: async ({ keys }, { args }) => {
      await keys.forgetPlaces(args.id)
      return { success: true }
    },
    print: (_, { args }) => print(`Forgot from where the key ${args.id} was called.`),
  }),
  defineCommand({
    path: 'keys preview',
    summary: 'show which calls of the last 30 days a change would have refused, and change nothing',
    on: serverOrDatabase,
    arguments: id,
    shape: async () => (await import('../../core/shapes/preview-changes.ts')).previewKeyFieldsSchema,
    texts: {
      permissions: 'permission that the key would hold; replaces the current list (repeatable)',
      expiresAt: 'when the key would expire',
      notBefore: 'from when on the key would be valid',
      allowedIps: 'address or network from which it could be used; replaces the current list (repeatable)',
      limits: 'how much its calls might draw; replaces the current list (repeatable)',
      rotate: 'rotate the key',
      graceSeconds: 'with --rotate: how long the old token would stay valid (default: 0s)',
      untilSilentSeconds: 'with --rotate: end the old token once nobody has used it for so long, at least 1h',
      atMostSeconds: 'with --grace-until-silent: end it after so long in any case (default: 30d)',
      endSecret: 'end the grace of the secret with this kid',
      suspend: 'suspend the key',
      revoke: 'revoke the key',
    },
    options: [new Option('--no-permissions', 'remove all permissions').conflicts('permission')],
    examples: [
      `latchkey keys preview ${exampleId} --permission emails:send`,
      `latchkey keys preview ${exampleId} --rotate --grace 24h`,
      `latchkey keys preview ${exampleId} --revoke`,
    ],
    run: ({ keys }, { args, input, options }) => {
      const { rotate, graceSeconds, untilSilentSeconds, atMostSeconds, suspend, revoke, ...update } = input
      const rotation = toRotation({ graceSeconds, untilSilentSeconds, atMostSeconds })
      return keys.preview(args.id, {
        ...update,
        ...(options.permissions === false && { permissions: [] }),
        ...((rotate || Object.keys(rotation).length > 0) && { rotate: rotation }),
        ...(suspend && { suspend }),
        ...(revoke && { revoke }),
      })
    },
    print: printPreview,
  }),
  defineCommand({
    path: 'keys update',
    summary: 'change the given fields and keep the rest',
    on: serverOrDatabase,
    arguments: id,
    shape: async () => (await changes()).updateKeySchema,
    texts: {
      permissions: 'permission to grant; replaces the current list (repeatable)',
      expiresAt: 'when the key expires',
      notBefore: 'from when on the key is valid',
      allowedIps: 'address or network from which it may be used; replaces the current list (repeatable)',
      metadata: 'your own data; replaces the current object',
      description: 'what the key is for',
      tags: 'a word under which the key is found; replaces the current ones (repeatable)',
      limits: 'how much its calls may draw; replaces the current list (repeatable)',
    },
    options: [
      new Option('--no-permissions', 'remove all permissions').conflicts('permission'),
      new Option('--no-description', 'remove the description'),
      new Option('--no-tags', 'remove all tags').conflicts('tag'),
      new Option('--no-allowed-ips', 'allow every address').conflicts('allowedIp'),
      noLimitsOption(),
    ],
    wait: true,
    edits: true,
    examples: [
      `latchkey keys update ${exampleId} --permission emails:* --expires never`,
      `latchkey keys update ${exampleId} --limit requests=100/1m,burst=20`,
      `latchkey keys update ${exampleId} --tag team:billing --description "Invoices at night"`,
    ],
    run: ({ keys }, { args, input, options, wait }) => {
      const removed = {
        ...(options.permissions === false && { permissions: [] }),
        ...(options.allowedIps === false && { allowedIps: [] }),
        ...(options.description === false && { description: null }),
        ...(options.tags === false && { tags: [] }),
        ...removedLimits(options),
      }
      return keys.update(args.id, { ...input, ...removed }, wait)
    },
    print: (key) => {
      printNote(...describeUncatalogued(key.uncatalogued))
      printKey(key)
      print(...describeApplied(key.applied))
    },
  }),
  defineCommand({
    path: 'keys rotate',
    summary: 'give a key a new token and print it on standard output, once',
    on: serverOrDatabase,
    arguments: id,
    shape: async () => (await import('../../core/shapes/rotations.ts')).rotateKeyFieldsSchema,
    texts: {
      graceSeconds: 'how long the old token stays valid (default: 0s)',
      untilSilentSeconds: 'end the old token once nobody has used it for so long, at least 1h',
      atMostSeconds: 'with --grace-until-silent: end it after so long in any case (default: 30d)',
    },
    wait: true,
    edits: true,
    confirm: ({ args, input }) =>
      input.graceSeconds || input.untilSilentSeconds !== undefined
        ? undefined
        : ask(args.id, (key) => `Rotate ${key}? Without --grace its current tokens become invalid at once.`),
    examples: [
      `latchkey keys rotate ${exampleId} --grace 24h`,
      `latchkey keys rotate ${exampleId} --grace-until-silent 24h --grace-at-most 30d`,
      `TOKEN=$(latchkey keys rotate ${exampleId} --yes)`,
    ],
    makes: true,
    run: ({ keys }, { args, input, wait, once }) =>
      keys.rotate(args.id, toRotation(input), { ...wait, ...once }),
    print: (key, { input }) => printRotated(key, toRotation(input)),
  }),
  defineCommand({
    path: 'keys end-secret',
    summary: 'end the grace period of a rotation now: the old token becomes invalid',
    on: serverOrDatabase,
    arguments: { ...id, kid: 'the public id of the old secret, as in `latchkey keys get`' },
    wait: true,
    confirm: ({ args }) => ask(args.id, (key) => `End the secret ${quote(args.kid)} of ${key} permanently?`),
    examples: [`latchkey keys end-secret ${exampleId} 0aB1cD2eF3gH4iJ5 --yes`],
    run: async ({ keys }, { args, wait }) => ({
      success: true,
      ...(await keys.endSecret(args.id, args.kid, wait)),
    }),
    print: ({ applied }, { args }) => print(`Ended the secret ${args.kid}.`, ...describeApplied(applied)),
  }),
  ...keyStateCommands,
  findCommand,
  bulkCommand,
  recipesCommand,
  limitsCommand({
    path: 'keys limits',
    summary: 'show the limits of a key, and what is left of them',
    arguments: id,
    examples: [`latchkey keys limits ${exampleId}`],
    read: async ({ keys }, { id }) => {
      const key = await keys.get(id)
      return withPlanLimits(
        key,
        `Its calls draw from those of its organization: \`latchkey orgs limits ${key.organizationId}\`.`,
      )
    },
  }),
  defineCommand({
    path: 'keys usage',
    summary: 'show how many calls there were with a key, and how many units they drew',
    on: serverOrDatabase,
    arguments: id,
    shape: async () => (await import('../../core/shapes/usage.ts')).readKeyUsageSchema,
    texts: {
      ...figureTexts,
      group: 'rows for each of these, the top ones first: none, code or permission (that calls asked for)',
    },
    options: figureOptions(),
    examples: [`latchkey keys usage ${exampleId} --since 24h --by hour`],
    run: ({ usage }, { args, input }) => usage.readKey(args.id, asAsked(input)),
    json: ({ rows }) => rows,
    print: (figures, { input, options }) => printFigures(figures, asAsked(input), options),
  }),
  addUnitsCommand({
    path: 'keys add-units',
    summary: 'add units to a quota of a key, for its current period',
    arguments: id,
    examples: [`latchkey keys add-units ${exampleId} credits 500 --reference "payment 4711"`],
    add: ({ keys }) => keys.addUnits,
  }),
  ...childCommands,
  ...prefixCommands,
  defineCommand({
    path: 'keys verify',
    summary: 'verify a token from standard input or a hidden prompt; exits 1 if it is not valid',
    on: serverOrDatabase,
    shape: async () => {
      const { verifyOptionsSchema } = await import('../../core/shapes/verification.ts')
      return verifyOptionsSchema.pick({ permissions: true, prefix: true, cost: true })
    },
    texts: {
      permissions: 'a permission that the token must have (repeatable; all are required)',
      prefix: 'the prefix that the token must have, such as re_live',
      cost: 'what the call draws',
    },
    options: [
      new Option('--ip <address>', 'the address of the client of the call'),
      new Option('--user-agent <text>', "the client's user agent"),
      new Option('--operation <text>', 'what is called, such as "POST /emails"'),
    ],
    readsToken: true,
    examples: [
      'latchkey keys verify --permission emails:send',
      'latchkey keys verify --cost credits=5',
      'printf %s "$TOKEN" | latchkey keys verify --json',
    ],
    run: (connection, { input, token, options: { ip, userAgent, operation } }) => {
      const context = { ip, userAgent, operation }
      const isKnown = Object.values(context).some((value) => value !== undefined)
      return connection.verify(token, { ...input, ...(isKnown && { context }) })
    },
    print: printVerdict,
    exitCode: ({ valid }) => (valid ? exitCodes.ok : exitCodes.refused),
  }),
]

/** The rotation that flags ask for. */
function toRotation({ graceSeconds, untilSilentSeconds, atMostSeconds }: RotateKeyFields): RotateKeyInput {
  const rest = graceSeconds === undefined ? {} : { graceSeconds }
  if (untilSilentSeconds !== undefined)
    return { ...rest, grace: given({ untilSilentSeconds, atMostSeconds }) as RotateKeyInput['grace'] }
  if (atMostSeconds === undefined) return rest
  throw new CommandError(exitCodes.usage, '--grace-at-most: Comes with --grace-until-silent.')
}
