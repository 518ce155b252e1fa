// `latchkey audit …`: who did what, and when.
import { Option } from 'commander'
import type { AuditEvent } from '../../core/shapes/audit.ts'
import { type Connection, ownDatabase, serverOrDatabase, withoutJson } from '../kit/connection.ts'
import { type DefinedCommand, defineCommand } from '../kit/define-command.ts'
import { defineList } from '../kit/define-list.ts'
import { CommandError, exitCodes } from '../kit/failures.ts'
import { printNote, quote, writeSurely } from '../kit/output.ts'
import type { Place } from '../kit/place.ts'
import { type Column, printTable } from '../kit/table.ts'
import { writeWholeFile } from '../kit/whole-file.ts'
import type { Verified, VerifyOptions } from './audit-files.ts'

const columns: Column<AuditEvent>[] = [
  { heading: 'AT', value: ({ at }) => at.toISOString() },
  { heading: 'ACTION', value: ({ action }) => action },
  { heading: 'ORGANIZATION', value: ({ organizationId }) => organizationId, leaves: 3, shrinks: true },
  { heading: 'KEY', value: ({ keyId }) => keyId ?? '', leaves: 2 },
  { heading: 'BY', value: byWhom, leaves: 1 },
]

/** The id of a user is the operator's own text, which may be that of a key. */
function byWhom({ actor, actorType }: AuditEvent): string {
  return actorType === 'user' ? `user ${actor}` : (actor ?? actorType)
}

type Connect = (work: (connection: Connection) => Promise<Verified>) => Promise<Verified>

/** Opens nothing until it is asked to: a file is verified offline. */
const whenNeeded: Place<Connect> = {
  options: serverOrDatabase.options,
  use: (options, work) => work((verify) => serverOrDatabase.use(options, verify)),
}

export const auditCommands: DefinedCommand[] = [
  defineList({
    path: 'audit list',
    summary: 'list audit events, newest first',
    shape: async () => (await import('../../core/shapes/audit.ts')).listAuditSchema,
    texts: {
      organizationId: 'only events of this organization',
      keyId: 'only changes to this key',
      actor: 'only changes by this key, member or user, by its id',
      action: 'only this action, such as key.created',
      since: 'from this instant on',
      until: 'before this instant',
      limit: 'maximum number of results (default: 1000)',
    },
    options: [new Option('--csv', 'print CSV that a spreadsheet can open').conflicts('json')],
    examples: [
      'latchkey audit list --organization acme --action key.revoked',
      'latchkey audit list --since 7d --all --csv > audit.csv',
    ],
    read: ({ audit }, input) => audit.list(input),
    none: 'No events.',
    print: (items, isWide) => printTable(columns, items, { isWide }),
    printCsv: async (items) => {
      const { auditWriters } = await import('../../core/audit-file.ts')
      const { head, write } = auditWriters.csv
      process.stdout.write(head + items.map(write).join(''))
    },
  }),
  defineCommand({
    path: 'audit checkpoint',
    summary: 'make a checkpoint of the log as it is now: a note to keep elsewhere',
    on: serverOrDatabase,
    shape: async () => (await import('../../core/shapes/checkpoints.ts')).readCheckpointSchema,
    texts: { organizationId: 'the log of this organization (default: that of all)' },
    examples: ['latchkey audit checkpoint > checkpoint.txt', 'latchkey audit checkpoint --organization acme'],
    run: ({ audit }, { input }) => audit.readCheckpoint(input),
    print: ({ note, isSigned }) => {
      process.stdout.write(note)
      if (!isSigned) printNote('It is not signed: this instance has no keyring.')
    },
  }),
  defineCommand({
    path: 'audit export',
    summary: 'write the log as it is sealed, with a checkpoint at its end: what `audit verify` takes',
    on: withoutJson,
    shape: async () => (await import('../../core/shapes/checkpoints.ts')).readCheckpointSchema,
    texts: { organizationId: 'the log of this organization (default: that of all)' },
    options: [
      new Option(
        '--file <path>',
        'the file to write, which is replaced once all is there (default: standard output)',
      ),
    ],
    examples: [
      'latchkey audit export --file latchkey.log',
      'latchkey audit export --organization acme --file acme.log',
    ],
    run: async ({ audit }, { input, options: { file } }) => {
      const { writeLog } = await import('./audit-files.ts')
      let checkpoint = await audit.readCheckpoint(input)
      const parts = writeLog(audit, input, checkpoint, (last) => {
        checkpoint = last
      })
      if (typeof file === 'string') await writeWholeFile(file, parts)
      else for await (const part of parts) await writeSurely(part)
      return checkpoint
    },
    print: ({ size }, { options: { file } }) => {
      const where = typeof file === 'string' ? ` to ${file}` : ''
      printNote(`Wrote ${size === 1 ? '1 event' : `${size} events`}${where}.`)
    },
  }),
  defineCommand({
    path: 'audit verify',
    summary: 'verify that nothing in the log was changed, removed, added or moved; exits 1 if anything was',
    on: whenNeeded,
    arguments: {
      file: 'what `audit export` wrote, which is verified offline (default: the log as it is now)',
    },
    optional: 'file',
    shape: async () => (await import('../../core/shapes/checkpoints.ts')).readCheckpointSchema,
    texts: { organizationId: 'without a file: the log of this organization (default: that of all)' },
    options: [
      new Option('--checkpoint <path>', 'a checkpoint that you kept (repeatable)').argParser(
        (path: string, paths: string[] = []) => [...paths, path],
      ),
      new Option(
        '--key <key>',
        'a public key that must have signed, as `audit signers` prints it (repeatable: one of them)',
      ).argParser((key: string, keys: string[] = []) => [...keys, key]),
    ],
    examples: [
      'latchkey audit verify acme.log --checkpoint june.txt --key "$KEY"',
      'latchkey audit verify --organization acme --checkpoint june.txt',
    ],
    run: async (connect, { args: { file }, input, options }) => {
      const { verify } = await import('./audit-files.ts')
      if (file === undefined)
        return connect(({ audit }) => verify({ audit, input }, options as VerifyOptions))
      if (input.organizationId !== undefined)
        throw new CommandError(exitCodes.usage, '--organization: Comes without a file, which names its log.')
      return verify({ file }, options as VerifyOptions)
    },
    print: async (verified) => (await import('./audit-files.ts')).printVerified(verified),
    exitCode: (verified) => ('fault' in verified ? exitCodes.refused : exitCodes.ok),
  }),
  defineCommand({
    path: 'audit erase',
    summary:
      'erase what events tell, permanently: who did something, from where and what; the log still verifies',
    on: serverOrDatabase,
    shape: async () => (await import('../../core/shapes/erasures.ts')).eraseEventsSchema,
    texts: {
      eventIds: 'this event (repeatable)',
      organizationId: 'all events of this organization',
      keyId: 'all events of changes to this key',
      actor:
        'all events of changes by this key, member or user, by its id; with --organization only of its events, and also those that name the user',
      before: 'only events before this instant; needed unless events are named',
    },
    confirm:
      ({ input: { eventIds, organizationId, keyId, actor } }) =>
      async () => {
        const named = eventIds?.length === 1 ? '1 event tells' : `${eventIds?.length} events tell`
        const what = eventIds
          ? named
          : `events ${[organizationId && `of ${organizationId}`, keyId && `of the key ${keyId}`, actor && `${organizationId ? 'about' : 'by'} ${quote(actor)}`].filter(Boolean).join(' ')} tell`
        return `Erase what ${what}, permanently?`
      },
    examples: [
      'latchkey audit erase --key 0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e --before 30d --yes',
      'latchkey audit erase --event 0198f3a2-5c1b-7000-8000-7a6b5c4d3e2f --yes',
    ],
    run: async ({ audit }, { input }) => {
      let erased = 0
      let next: string | null = null
      do {
        const page = await audit.erase({ ...input, ...(next !== null && { after: next }) })
        erased += page.erased
        next = page.next
      } while (next !== null)
      return { erased }
    },
    print: ({ erased }) => printNote(`Erased what ${erased === 1 ? '1 event' : `${erased} events`} told.`),
  }),
  defineCommand({
    path: 'audit restored',
    summary: 'begin the log anew, once, after the database was restored from a backup',
    on: ownDatabase('audit restored'),
    options: [new Option('--again', 'also if nothing has happened since the log was begun anew before')],
    examples: ['latchkey audit restored --database sqlite:latchkey.db'],
    run: async (latchkey, { options }) => ({
      begun: await latchkey.noteRestore({ again: options.again === true }),
    }),
    print: ({ begun }) =>
      printNote(
        begun
          ? 'The log has another name from here on. Cursors of before are gone, and checkpoints are of the log of before.'
          : 'Nothing was changed: the log was begun anew, and nothing has happened since. If the database was restored once more, add --again.',
      ),
    exitCode: ({ begun }) => (begun ? exitCodes.ok : exitCodes.refused),
  }),
  defineCommand({
    path: 'audit signers',
    summary: 'list who signs checkpoints: the public keys to verify them by',
    on: serverOrDatabase,
    examples: ['latchkey audit signers'],
    run: async ({ audit }: Connection) => ({ signers: await audit.listSigners() }),
    json: ({ signers }) => signers,
    print: ({ signers }) => {
      for (const { verifierKey, endsAt } of signers) {
        console.log(verifierKey)
        if (endsAt !== null) printNote(`Signs until ${endsAt.toISOString()}: one of those after it goes on.`)
      }
      if (signers.length === 0)
        printNote('Nobody signs yet. The first checkpoint makes a key, if there is a keyring.')
    },
  }),
  defineCommand({
    path: 'audit rotate-signer',
    summary: 'make another key that signs checkpoints; those of before sign beside it for 30 days',
    on: serverOrDatabase,
    examples: ['latchkey audit rotate-signer'],
    run: ({ audit }) => audit.rotateSigner(),
    print: ({ verifierKey }) => {
      console.log(verifierKey)
      printNote('Give it to those who verify checkpoints, within 30 days.')
    },
  }),
]
