// Says why a database could not be opened and what to do about it, in one message: whoever embeds Latchkey sees
// nothing else of a first attempt that fails.
import { dirname } from 'node:path'
import { LatchkeyError } from '../core/errors.ts'
import { endSentence } from '../core/sentence.ts'
import { hidePassword, isPostgresUrl } from './postgres-url.ts'
import { sqlitePath } from './sqlite-url.ts'

/** What drivers throw: a code of the operating system, of Node.js or of PostgreSQL (SQLSTATE), and what belongs to it. */
interface DriverError extends Error {
  code?: string
  /** Of SQLite. */
  errcode?: number
  address?: string
  port?: number
  hostname?: string
  errors?: DriverError[]
}

/** An explanation and the next step, each a sentence; the driver's own words if there is no better one. */
type Explain = (error: DriverError, path: string) => string

/**
 * Turns the failure of an opening into `store_unavailable`, whose message names the database without its password, the
 * reason and the next step; its cause is the failure itself. A refusal of ours and a bug come back as they are.
 */
export function describeOpeningFailure(error: unknown, url: string): unknown {
  if (error instanceof LatchkeyError || error instanceof TypeError || error instanceof RangeError)
    return error
  const isPostgres = isPostgresUrl(url)
  const shown = isPostgres ? hidePassword(url) : url
  const failure = innermost(error)
  const path = sqlitePath(url) ?? ''
  const explain = (isPostgres ? explainPostgres(failure) : explainSqlite(failure)) ?? ownWords
  return new LatchkeyError(
    'store_unavailable',
    `The database ${shown} cannot be opened: ${explain(failure, path)}`,
    { cause: error },
  )
}

/** A host with several addresses fails with one error for each. */
function innermost(error: unknown): DriverError {
  const { errors } = error as DriverError
  return errors?.[0] ?? (error as DriverError)
}

const ownWords: Explain = ({ message }) => endSentence(message)

function explainSqlite({ code, errcode, message }: DriverError): Explain | undefined {
  if (code === 'ERR_UNKNOWN_BUILTIN_MODULE' || /No such built-in module/.test(message))
    return () => `Node.js ${process.versions.node} has no node:sqlite. Use Node.js 22.18 or later.`
  if (code === 'ENOENT')
    return (_, path) => `its folder ${dirname(path)} does not exist. Create the folder, or name another.`
  if (code === 'EACCES' || code === 'EPERM' || errcode === sqliteCodes.cannotOpen)
    return (_, path) =>
      `this process may not read and write it. Give the user that runs the process the right to both, in ${dirname(path)} too.`
  if (code === 'EROFS' || errcode === sqliteCodes.readOnly)
    return () => 'it is read-only. Name a file on a file system that this process can write to.'
  if (code === 'ENOSPC' || errcode === sqliteCodes.full) return () => 'the disk is full. Make room on it.'
  if (errcode === sqliteCodes.busy || /database is locked/.test(message))
    return () => 'another process kept it locked for 30 seconds. End the process, or wait until it is done.'
  return undefined
}

/** SQLite's result codes (https://www.sqlite.org/rescode.html). */
const sqliteCodes = { busy: 5, readOnly: 8, full: 13, cannotOpen: 14 }

function explainPostgres({ code, message }: DriverError): Explain | undefined {
  if (code !== undefined && Object.hasOwn(postgresReasons, code)) return postgresReasons[code]
  if (/password must be a (?:non-empty )?string/.test(message))
    return () =>
      'the server asks for a password, and there is none. Put it into the URL, into PGPASSWORD or into ~/.pgpass.'
  if (/does not support SSL/.test(message))
    return () =>
      'the server speaks no TLS, and sslmode asks for it. Switch TLS on there, or write sslmode=disable.'
  if (/^timeout expired$|in time/.test(message))
    return () =>
      'no server answered in time. Check the address, and whether a firewall lets this machine through.'
  if (code !== undefined && certificateCodes.test(code))
    return ({ message }) =>
      `the certificate of the server is not accepted: ${endSentence(message)} Name its authority with sslrootcert=<file>, and the host as the certificate has it.`
  return undefined
}

const certificateCodes = /CERT|UNABLE_TO_(?:GET_ISSUER|VERIFY)/

const unknownHost: Explain = ({ hostname }) =>
  `there is no host ${hostname ?? 'of that name'}. Check the address, and whether this machine resolves names.`

const refusedUser: Explain = ({ message }) =>
  `the server refuses the user: ${endSentence(message)} Check the user, and pg_hba.conf on the server.`

/** By the code of the operating system, or SQLSTATE (PostgreSQL documentation, appendix A). */
const postgresReasons: Readonly<Record<string, Explain>> = {
  ECONNREFUSED: ({ address, port }) =>
    `nothing listens on ${address ?? 'the address'}${port ? ` port ${port}` : ''}. Start PostgreSQL there, or name another host and port.`,
  ENOENT: ({ address }) =>
    `there is no socket ${address ?? 'of that name'}. Start PostgreSQL there, or name another folder.`,
  ENOTFOUND: unknownHost,
  EAI_AGAIN: unknownHost,
  '28P01': () => 'the server refuses the password. Check the user and the password in the URL.',
  '28000': refusedUser,
  '3D000': ({ message }) => `${endSentence(message)} Create the database first.`,
  '42501': ({ message }) =>
    `${endSentence(message)} Make the user the owner of the database, or grant it create on the database.`,
  '53300': ({ message }) => `${endSentence(message)} End other connections, or raise the limit.`,
}
