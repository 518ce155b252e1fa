// A file that holds the catalogue of permissions: a JSON list of `{ name, description, group }`.
import { readFile } from 'node:fs/promises'
import { LatchkeyError } from '../../core/errors.ts'
import { parseInput } from '../../core/input.ts'
import { type DescribePermissionsInput, describePermissionsSchema } from '../../core/shapes/catalogue.ts'
import { CommandError, exitCodes } from './failures.ts'

/** Reads the entries of a file. Throws if it cannot be read, is no JSON list, or has an entry of another form. */
export async function readCatalogueFile(
  path: string,
): Promise<NonNullable<DescribePermissionsInput['permissions']>> {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new CommandError(exitCodes.usage, `The file ${path} cannot be read: ${error.message}`)
  })
  const list = parse(text)
  if (Array.isArray(list)) return check(path, list)
  throw new CommandError(
    exitCodes.usage,
    `The file ${path} is no JSON list of permissions, such as [{"name": "emails:send", "description": "Send emails"}].`,
  )
}

/** What is wrong would else be told of a flag of the command. */
function check(path: string, permissions: NonNullable<DescribePermissionsInput['permissions']>) {
  try {
    parseInput(describePermissionsSchema, { permissions })
    return permissions
  } catch (error) {
    if (!(error instanceof LatchkeyError)) throw error
    throw new CommandError(exitCodes.usage, `The file ${path}: ${error.message}`)
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
