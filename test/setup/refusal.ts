// What a refused command says.
import { LatchkeyError } from '../../src/index.ts'

/** Waits for a command to be refused and gives the error; fails where it succeeds or fails otherwise. */
export async function refusalOf(command: Promise<unknown>): Promise<LatchkeyError> {
  try {
    await command
  } catch (error) {
    if (error instanceof LatchkeyError) return error
    throw error
  }
  throw new Error('The command was not refused.')
}

/** Waits for a command to be refused and gives the error's code. */
export async function codeOf(command: Promise<unknown>): Promise<string> {
  return (await refusalOf(command)).code
}
