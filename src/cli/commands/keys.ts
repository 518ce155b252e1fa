// `latchkey keys …`: the life of a key.
import { type Command, Option } from 'commander'
import type { ListKeysInput } from '../../core/shapes/keys.ts'
import {
  addTargetOptions,
  type Connection,
  readPages,
  type TargetOptions,
  withConnection,
} from '../kit/connection.ts'
import { exitCodes } from '../kit/failures.ts'
import {
  addExamples,
  addWaitOption,
  addYesOption,
  collect,
  given,
  readCount,
  readMetadata,
} from '../kit/options.ts'
import { print, printJson, printNote, quote } from '../kit/output.ts'
import { confirm, readToken, requireSomebody } from '../kit/terminal.ts'
import { readExpiry, readGrace } from '../kit/times.ts'
import {
  describeApplied,
  printCreated,
  printKey,
  printKeys,
  printRotated,
  printVerdict,
} from './key-views.ts'

export function addKeysCommands(program: Command): void {
  const keys = program.command('keys').description('create, list, change, rotate, revoke and verify keys')
  addCreate(keys)
  addList(keys)
  addGet(keys)
  addUpdate(keys)
  addRotate(keys)
  addEndSecret(keys)
  addRevoke(keys)
  addVerify(keys)
}

interface CreateOptions extends TargetOptions {
  name: string
  organization?: string
  permission?: string[]
  expires?: string
  metadata?: Record<string, unknown>
  prefix?: string
  createdBy?: string
}

function addCreate(keys: Command): void {
  const command = keys
    .command('create')
    .description('create a key and print its token, this once, on standard output')
    .requiredOption('--name <name>', 'what people call it')
    .option('--organization <id>', 'the organization that will own it')
    .option(
      '--permission <permission>',
      'what it may do, such as emails:send or emails:* (repeatable)',
      collect,
    )
    .option(
      '--expires <when>',
      'a length such as 12h, 90d or 1y, a day (its beginning, UTC), or an instant (RFC 3339)',
    )
    .option('--metadata <json>', 'your own data, a JSON object', readMetadata)
    .option('--prefix <prefix>', "the token's prefix, one of LATCHKEY_KEY_PREFIX")
    .option('--created-by <user>', 'your user on whose behalf')
  addTargetOptions(command).action(async (options: CreateOptions) => {
    const { organization: organizationId, permission: permissions, ...rest } = options
    const expiresAt = readExpiry(options.expires)
    const { name, metadata, prefix, createdBy } = rest
    await withConnection(options, async (latchkey) => {
      const key = await latchkey.keys.create(
        given({ name, organizationId, permissions, expiresAt, metadata, prefix, createdBy }),
      )
      options.json ? printJson(key) : printCreated(key)
    })
  })
  addExamples(
    command,
    'latchkey keys create --organization acme --name CI --permission emails:send --expires 90d',
    'TOKEN=$(latchkey keys create --organization acme --name CI)',
  )
}

interface ListOptions extends TargetOptions {
  status?: ListKeysInput['status']
  organization?: string
  query?: string
  sort?: ListKeysInput['sort']
  limit?: number
  all?: boolean
}

function addList(keys: Command): void {
  const command = keys
    .command('list')
    .description('list keys, newest first')
    .option('--status <status>', 'active (the default), expired, revoked or all')
    .option('--organization <id>', 'only keys of this organization')
    .option('--query <text>', 'only keys whose name holds this')
    .option('--sort <field>', '-created_at (the default), -last_used_at or name')
    .option('--limit <count>', 'at most so many (default: 100)', readCount)
    .option('--all', 'every one, however many')
  addTargetOptions(command).action(async (options: ListOptions) => {
    const { status, organization: organizationId, query: q, sort } = options
    const filter = given({ status, organizationId, q, sort })
    await withConnection(options, async (latchkey) => {
      const { items, more } = await readPages(options, (page) => latchkey.keys.list({ ...filter, ...page }))
      if (options.json) return printJson(items)
      printKeys(items)
      if (more) printNote('There are more: see them with --all.')
    })
  })
  addExamples(
    command,
    'latchkey keys list --organization acme --sort -last_used_at',
    'latchkey keys list --status all --all --json',
  )
}

function addGet(keys: Command): void {
  const command = keys
    .command('get')
    .description('show a key and its secrets')
    .argument('<id>', 'the id of the key')
    .option('--secrets-after <kid>', 'the secrets that came before this one, where there are more than 100')
  addTargetOptions(command).action(async (id: string, options: TargetOptions & { secretsAfter?: string }) => {
    await withConnection(options, async (latchkey) => {
      const key = await latchkey.keys.get(id, options.secretsAfter)
      options.json ? printJson(key) : printKey(key)
    })
  })
  addExamples(command, 'latchkey keys get 019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071')
}

interface ChangeOptions extends TargetOptions {
  wait?: boolean
}

interface FinalOptions extends ChangeOptions {
  yes?: boolean
}

/** Does what cannot be taken back, once somebody has said yes to it. */
async function withConsent(
  options: FinalOptions,
  id: string,
  ask: (key: string) => string,
  work: (latchkey: Connection) => Promise<void>,
): Promise<void> {
  requireSomebody(options.yes)
  await withConnection(options, async (latchkey) => {
    const question = async () => {
      const { name, organizationId } = await latchkey.keys.get(id)
      return ask(`the key ${quote(name)} of ${organizationId}`)
    }
    if (await confirm(options.yes, question)) return work(latchkey)
    printNote('Nothing was changed.')
    process.exitCode = exitCodes.refused
  })
}

interface UpdateOptions extends ChangeOptions {
  name?: string
  permission?: string[]
  permissions?: boolean
  expires?: string
  metadata?: Record<string, unknown>
}

function addUpdate(keys: Command): void {
  const command = keys
    .command('update')
    .description('change what is named and leave the rest')
    .argument('<id>', 'the id of the key')
    .option('--name <name>', 'what people call it')
    .option(
      '--permission <permission>',
      'what it may do from now on: replaces all that it might (repeatable)',
      collect,
    )
    .addOption(new Option('--no-permissions', 'take all permissions away').conflicts('permission'))
    .option(
      '--expires <when>',
      'a length such as 12h, 90d or 1y, a day (its beginning, UTC), an instant (RFC 3339), or never',
    )
    .option('--metadata <json>', 'your own data, a JSON object: replaces what was there', readMetadata)
  addTargetOptions(addWaitOption(command)).action(async (id: string, options: UpdateOptions) => {
    const { name, metadata, wait = false } = options
    const expiresAt = readExpiry(options.expires)
    const permissions = options.permissions === false ? [] : options.permission
    await withConnection(options, async (latchkey) => {
      const key = await latchkey.keys.update(id, given({ name, permissions, expiresAt, metadata }), wait)
      if (options.json) return printJson(key)
      printKey(key)
      print(...describeApplied(key.applied))
    })
  })
  addExamples(
    command,
    'latchkey keys update 019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071 --permission emails:* --expires never',
  )
}

function addRotate(keys: Command): void {
  const command = keys
    .command('rotate')
    .description('give a key a new token and print it, this once, on standard output')
    .argument('<id>', 'the id of the key')
    .option(
      '--grace <length>',
      'how long the old token stays valid: 30s, 10m, 24h, 7d (default: not at all)',
      readGrace,
    )
  addTargetOptions(addYesOption(addWaitOption(command))).action(
    async (id: string, options: FinalOptions & { grace?: number }) => {
      const { grace: graceSeconds, wait = false } = options
      const rotate = async (latchkey: Connection) => {
        const key = await latchkey.keys.rotate(id, given({ graceSeconds }), wait)
        options.json ? printJson(key) : printRotated(key, graceSeconds ?? 0)
      }
      if (graceSeconds) return withConnection(options, rotate)
      const ask = (key: string) =>
        `Rotate ${key}? Without --grace its tokens of today are refused from now on.`
      await withConsent(options, id, ask, rotate)
    },
  )
  addExamples(
    command,
    'latchkey keys rotate 019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071 --grace 24h',
    'TOKEN=$(latchkey keys rotate 019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071 --yes)',
  )
}

function addEndSecret(keys: Command): void {
  const command = keys
    .command('end-secret')
    .description("end a rotation's grace now: the old token opens nothing any more")
    .argument('<id>', 'the id of the key')
    .argument('<kid>', 'the public id of the old secret, as in `latchkey keys get`')
  addTargetOptions(addYesOption(addWaitOption(command))).action(
    async (id: string, kid: string, options: FinalOptions) => {
      const ask = (key: string) => `End the secret ${quote(kid)} of ${key}, for ever?`
      await withConsent(options, id, ask, async (latchkey) => {
        const done = await latchkey.keys.endSecret(id, kid, options.wait ?? false)
        if (options.json) printJson({ success: true, ...done })
        else print(`Ended the secret ${kid}.`, ...describeApplied(done.applied))
      })
    },
  )
  addExamples(command, 'latchkey keys end-secret 019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071 0aB1cD2eF3gH4iJ5 --yes')
}

function addRevoke(keys: Command): void {
  const command = keys
    .command('revoke')
    .description('revoke a key for ever')
    .argument('<id>', 'the id of the key')
  addTargetOptions(addYesOption(addWaitOption(command))).action(async (id: string, options: FinalOptions) => {
    const ask = (key: string) => `Revoke ${key}, for ever?`
    await withConsent(options, id, ask, async (latchkey) => {
      const done = await latchkey.keys.revoke(id, options.wait ?? false)
      if (options.json) printJson({ success: true, ...done })
      else print(`Revoked the key ${id}.`, ...describeApplied(done.applied))
    })
  })
  addExamples(command, 'latchkey keys revoke 019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071 --yes --wait')
}

function addVerify(keys: Command): void {
  const command = keys
    .command('verify')
    .description('judge a token from standard input, or typed unseen; exits 1 where it is not valid')
    .option('--permission <permission>', 'what it must be allowed to do (repeatable: all of them)', collect)
  addTargetOptions(command).action(async (options: TargetOptions & { permission?: string[] }) => {
    const { permission: permissions } = options
    const token = await readToken()
    await withConnection(options, async (latchkey) => {
      const verdict = await latchkey.verify(token, given({ permissions }))
      options.json ? printJson(verdict) : printVerdict(verdict)
      if (!verdict.valid) process.exitCode = exitCodes.refused
    })
  })
  addExamples(
    command,
    'latchkey keys verify --permission emails:send',
    'printf %s "$TOKEN" | latchkey keys verify --json',
  )
}
