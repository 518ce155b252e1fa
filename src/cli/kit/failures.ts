// What went wrong, for a person: one sentence what it is and what to do next, and an exit code for programs.
import { LatchkeyClientError } from '../../client/index.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { endSentence } from '../../core/sentence.ts'
import { toCamelCase } from '../../core/wire.ts'
import { exitCodes } from './exit-codes.ts'
import { knownFlag } from './flags.ts'

export { exitCodes }

/** A failure in the words that the command line prints. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly exitCode: number

  constructor(exitCode: number, sentence: string, cause?: unknown) {
    super(sentence, cause === undefined ? undefined : { cause })
    this.exitCode = exitCode
  }
}

const nextSteps: Record<string, string> = {
  missing_token: 'Set LATCHKEY_KEY to the token of a key.',
  invalid_token: 'Check LATCHKEY_KEY or, with a profile, use `latchkey login` again.',
  key_not_found: 'Find its id with `latchkey keys list --status all`.',
  secret_not_found: 'List its secrets with `latchkey keys get <id>`.',
  portal_session_not_found: 'List the sessions with `latchkey portal list`.',
  session_not_found: 'List the sessions with `latchkey sessions list`.',
  organization_not_found:
    'List the organizations with `latchkey orgs list`, or create it with `latchkey orgs create`.',
  plan_not_found: 'List the plans with `latchkey plans list`.',
  policy: 'Show the rules with `latchkey policy get`, and with `--organization <id>`.',
  webhook_not_found: 'List the webhooks with `latchkey webhooks list`.',
  delivery_not_found: 'List the deliveries with `latchkey webhooks deliveries <id>`.',
  too_many_signers: 'See when the first of them ends with `latchkey audit signers`.',
  too_many_webhooks: 'Delete one with `latchkey webhooks delete <id>`.',
  plan_exists: 'Change it with `latchkey plans update <name>`, or choose another name.',
  limit_not_found: 'List the limits with `latchkey keys limits <id>` or `latchkey orgs limits <id>`.',
  reference_used: 'Each purchase has a reference of its own, and is added once.',
  organization_exists: 'Choose another id, or show the organization with `latchkey orgs get <id>`.',
  precondition_failed: 'The new `revision` is in what `get` prints.',
  key_revoked: 'Use `latchkey keys create`.',
  key_expired: 'Use `latchkey keys update <id> --expires 90d`.',
  rotation_in_progress: 'Use `latchkey keys end-secret <id> <kid>`, or rotate without --grace.',
  server_unreachable: 'Check that the server is running, and that --url or LATCHKEY_URL is its address.',
  timed_out: 'The server may be too busy. Check that --url or LATCHKEY_URL is its address.',
  route_not_found: 'Check --url or LATCHKEY_URL.',
  unexpected_answer: 'Check that --url or LATCHKEY_URL is the address of a Latchkey server.',
}

/** Says what to print on standard error for an error, and how to exit. */
export function describeFailure(error: unknown): { text: string; exitCode: number } {
  if (error instanceof CommandError) return { text: error.message, exitCode: error.exitCode }
  if (error instanceof LatchkeyError || error instanceof LatchkeyClientError) {
    return { text: describeRefusal(error), exitCode: exitCodeOf(error) }
  }
  const message = error instanceof Error ? error.message : String(error)
  return {
    text: `Internal error: ${endSentence(message)} Please report it.`,
    exitCode: exitCodes.failed,
  }
}

/**
 * A refusal of input as the command that got it says it: an argument is called by its place, `<name>`, and has no flag. What was
 * typed as fields of their own and sent `within` another is called as it was typed.
 */
export function namingArguments(error: unknown, names: readonly string[], within = ''): unknown {
  const isRefusal = error instanceof LatchkeyError || error instanceof LatchkeyClientError
  if (!isRefusal || !error.errors?.length) return error
  return new CommandError(exitCodeOf(error), describeRefusal(error, names, within), error)
}

function describeRefusal(
  error: LatchkeyError | LatchkeyClientError,
  names: readonly string[] = [],
  within = '',
): string {
  if (error.errors?.length) {
    return error.errors
      .map(({ path, message }) => {
        const typed = path.startsWith(within) ? path.slice(within.length) : path
        const name = names.find((one) => typed === one || typed.startsWith(`${one}[`))
        return `${name === undefined ? toFlag(typed) : `<${name}>: `}${message}`
      })
      .join('\n')
  }
  if (error.code === 'store_unavailable' && error.cause instanceof Error) {
    return `The database cannot be used: ${endSentence(error.cause.message)} Check --database or LATCHKEY_DATABASE_URL.`
  }
  const next = nextSteps[error.code]
  return next ? `${error.message} ${next}` : error.message
}

function exitCodeOf({ code, status }: LatchkeyError | LatchkeyClientError): number {
  if (code === 'invalid_input') return exitCodes.usage
  // Without a status, there was no answer; 5xx: the server, or its database, cannot serve now.
  const unreachable =
    code === 'unexpected_answer' || code === 'route_not_found' || status === undefined || status >= 500
  return unreachable ? exitCodes.unreachable : exitCodes.refused
}

/** `permissions[0]` and `organization_id` as the flags that they came from. */
function toFlag(path: string): string {
  if (path === '') return ''
  const [first, last] = [path.replace(/[.[].*$/, ''), path.replace(/^grace\./, '')].map(toCamelCase)
  const flag = knownFlag(toCamelCase(path)) ?? knownFlag((first === 'grace' ? last : first) ?? '')
  return `${flag ?? path}: `
}
