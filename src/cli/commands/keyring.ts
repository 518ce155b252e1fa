// `latchkey keyring …`: the keys that sign what this instance gives away and takes back, such as reservations.
import { Option } from 'commander'
import { readOwnDatabase, secretsOf, sqlitePath } from '../../config.ts'
import type { SealingKey } from '../../core/sealed-values.ts'
import { ownDatabase } from '../kit/connection.ts'
import { defineCommand } from '../kit/define-command.ts'
import { CommandError, exitCodes } from '../kit/failures.ts'
import { databaseOption, jsonOption } from '../kit/options.ts'
import { print, printNote } from '../kit/output.ts'
import type { Place, TargetOptions } from '../kit/place.ts'
import { type Column, printTable } from '../kit/table.ts'

/** A file of keys, and whether servers read it by themselves. */
interface Keyring {
  file: string
  isBesideDatabase: boolean
}

/** The file that `--file` names, or the one beside an SQLite database. */
const keyringFile: Place<Keyring> = {
  options: () => [
    new Option('--file <path>', 'the file (default: beside the SQLite database, <database>.keyring)'),
    databaseOption(),
    jsonOption('print JSON'),
  ],
  use: (options, work) => work(placeOf(options)),
}

function placeOf({ file, ...options }: TargetOptions & { file?: string }): Keyring {
  if (file !== undefined) return { file, isBesideDatabase: false }
  const path = sqlitePath(readOwnDatabase('keyring', options).database)
  if (path === undefined)
    throw new CommandError(
      exitCodes.usage,
      'PostgreSQL has no file beside it. Name one with --file, and give its keys to every server in LATCHKEY_SEALING_KEYS.',
    )
  return { file: `${path}.keyring`, isBesideDatabase: true }
}

/** A key as the status of a keyring shows it. */
interface ShownKey extends SealingKey {
  state: 'seals' | 'opens' | 'lost'
}

const columns: Column<ShownKey>[] = [
  { heading: 'KEY', value: ({ name }) => name },
  { heading: 'STATE', value: ({ state }) => state },
  { heading: 'VALUES', value: ({ values }) => String(values), isNumber: true },
]

export const keyringCommands = [
  defineCommand({
    path: 'keyring new',
    summary: 'make the file with the first key; one that exists is never overwritten',
    on: keyringFile,
    examples: ['latchkey keyring new', 'latchkey keyring new --file /etc/latchkey/keyring'],
    run: async ({ file, isBesideDatabase }) => {
      const { newKeyringFile } = await import('../../latchkey.ts')
      return { ...newKeyringFile(file), isBesideDatabase }
    },
    json: ({ file, keys }) => ({ file, keys }),
    print: ({ file, isBesideDatabase }) => {
      print(`Made ${file} with one key.`)
      printNote(...nextSteps(file, isBesideDatabase))
    },
  }),
  defineCommand({
    path: 'keyring rotate',
    summary:
      'put a new key first, which signs from now on; the old keys stay, so that what they signed holds',
    on: keyringFile,
    examples: ['latchkey keyring rotate', 'latchkey keyring rotate --file /etc/latchkey/keyring'],
    run: async ({ file, isBesideDatabase }) => {
      const { rotateKeyringFile } = await import('../../latchkey.ts')
      return { ...rotateKeyringFile(file), isBesideDatabase }
    },
    json: ({ file, keys }) => ({ file, keys }),
    print: ({ file, keys, isBesideDatabase }) => {
      print(`Put a new key first in ${file}, before ${keys === 2 ? 'the old one' : `${keys - 1} old ones`}.`)
      printNote(...nextSteps(file, isBesideDatabase))
    },
  }),
  defineCommand({
    path: 'keyring status',
    summary: 'count what each key has sealed in the database: a key without any may go',
    on: ownDatabase('keyring status'),
    examples: ['latchkey keyring status', 'latchkey keyring status --json'],
    run: (latchkey) => latchkey.sealedValues(),
    print: ({ keys, lost }) => {
      const shown = keys.map((key, i): ShownKey => ({ ...key, state: i === 0 ? 'seals' : 'opens' }))
      if (keys.length === 0) printNote('There are no keys here.')
      const all = [...shown, ...lost.map((key): ShownKey => ({ ...key, state: 'lost' }))]
      if (all.length > 0) printTable(columns, all)
      if (keys.slice(1).some(({ values }) => values > 0))
        printNote('A server seals anew, by the first key, what others have sealed, within a few minutes.')
      if (lost.length > 0)
        printNote('Nobody can open what lost keys have sealed. Give them back to the keyring.')
    },
  }),
]

/** How servers come to use it. */
function nextSteps(file: string, isBesideDatabase: boolean): string[] {
  if (!isBesideDatabase)
    return [
      `Give its keys to every server: LATCHKEY_SEALING_KEYS="$(cat ${file})". A server reads them when it starts.`,
    ]
  return secretsOf('SEALING_KEYS').length === 0
    ? ['Every server on the database reads it at its next use, without a restart.']
    : ['LATCHKEY_SEALING_KEYS is set here: a server that has it too does not read this file.']
}
