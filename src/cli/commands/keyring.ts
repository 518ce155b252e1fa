// `latchkey keyring …`: the keys that sign what this instance gives away and takes back, such as reservations.
import { Option } from 'commander'
import { readOwnDatabase, sealingKeysOf, sqlitePath } from '../../config.ts'
import { defineCommand } from '../kit/define-command.ts'
import { CommandError, exitCodes } from '../kit/failures.ts'
import { databaseOption, jsonOption } from '../kit/options.ts'
import { print, printNote } from '../kit/output.ts'
import type { Place, TargetOptions } from '../kit/place.ts'

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
]

/** How servers come to use it. */
function nextSteps(file: string, isBesideDatabase: boolean): string[] {
  if (!isBesideDatabase)
    return [
      `Give its keys to every server: LATCHKEY_SEALING_KEYS="$(cat ${file})". A server reads them when it starts.`,
    ]
  return sealingKeysOf().length === 0
    ? ['Every server on the database reads it at its next use, without a restart.']
    : ['LATCHKEY_SEALING_KEYS is set here: a server that has it too does not read this file.']
}
