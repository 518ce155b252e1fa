// Asking the person at the terminal: for a token without showing it, or for a yes.
import { createInterface } from 'node:readline/promises'
import { containsToken } from '../../core/token.ts'
import { CommandError, exitCodes } from './failures.ts'

/** Far more than a token has; a longer input is some other file. */
const longestInput = 4096
const longestInputOfMany = 16 * 1024 * 1024

/** Throws CommandError, without showing it, if an argument holds a token. */
export function refuseTokenArguments(argv: readonly string[]): void {
  if (!argv.some(containsToken)) return
  throw new CommandError(
    exitCodes.usage,
    'An argument contains a token. Process lists and shell histories show arguments to others. Pass the token on ' +
      'standard input, or run the command without it and enter it at the prompt. Rotate this token: others may have ' +
      'seen it.',
  )
}

/** Reads a token from a prompt that does not show it, or from standard input if that is not a terminal. */
export async function readToken(): Promise<string> {
  const token = (process.stdin.isTTY ? await promptHidden('Token: ') : await readAll()).trim()
  if (token === '')
    throw new CommandError(
      exitCodes.usage,
      'There is no token. Pass it on standard input, or enter it at the prompt.',
    )
  return token
}

/**
 * Asks for a yes to what is grave or cannot be taken back, unless `yes` gave it before. Throws CommandError if nobody can be
 * asked: without a terminal to read from, or to show the question on.
 */
export async function confirm(
  yes: boolean | undefined,
  makeQuestion: () => Promise<string>,
): Promise<boolean> {
  if (yes) return true
  requireSomebody(yes)
  const question = await makeQuestion()
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const closed = new AbortController()
  terminal.once('close', () => closed.abort())
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `, { signal: closed.signal })).trim())
  } catch {
    // The terminal was closed instead of an answer.
    return false
  } finally {
    terminal.close()
  }
}

/** Throws CommandError if `yes` was not given and nobody can be asked for it. */
export function requireSomebody(yes: boolean | undefined): void {
  if (yes || (process.stdin.isTTY && process.stderr.isTTY)) return
  throw new CommandError(
    exitCodes.usage,
    'This command asks before it changes anything, and there is no terminal to ask at. Add --yes to confirm it. Nothing was changed.',
  )
}

/** Reads tokens from standard input, with white space between them. */
export async function readTokens(): Promise<string[]> {
  const text = process.stdin.isTTY ? await promptHidden('Token: ') : await readAll(longestInputOfMany)
  const tokens = text.split(/\s+/).filter((token) => token !== '')
  if (tokens.length > 0) return tokens
  throw new CommandError(exitCodes.usage, 'There are no tokens. Pass them on standard input.')
}

async function readAll(longest = longestInput): Promise<string> {
  let text = ''
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += chunk
    if (text.length > longest) {
      throw new CommandError(
        exitCodes.usage,
        longest === longestInput
          ? 'Standard input contains more than one token. Pass one.'
          : 'Standard input is too long. Pass tokens alone, at most 16 MiB of them.',
      )
    }
  }
  return text
}

function promptHidden(prompt: string): Promise<string> {
  const { stdin, stderr } = process
  return new Promise((resolve, reject) => {
    let text = ''
    const finish = (settle: () => void) => {
      stdin.off('data', read)
      stdin.setRawMode(false)
      stdin.pause()
      stderr.write('\n')
      settle()
    }
    const read = (chunk: string) => {
      for (const character of chunk) {
        if (character === '\r' || character === '\n' || character === '\x04')
          return finish(() => resolve(text))
        if (character === '\x03') return finish(() => reject(new CommandError(130, 'Interrupted.')))
        if (character === '\x7f' || character === '\b') text = text.slice(0, -1)
        else text += character
      }
    }
    // Raw before the prompt: what is typed after it is never shown.
    stdin.setRawMode(true)
    stdin.setEncoding('utf8').on('data', read).resume()
    stderr.write(prompt)
  })
}
