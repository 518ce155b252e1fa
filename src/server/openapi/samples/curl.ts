// A request with curl, for a shell that has LATCHKEY_URL and LATCHKEY_KEY.
import type { Request, SampledOperation } from './request.ts'

/** curl reads the token from standard input: process lists show arguments. */
export function writeCurl(operation: SampledOperation, { places, query, body }: Request): string {
  const { method, path, security, requestBody } = operation
  const filled = places.reduce((text, value) => text.replace(/\{\w+\}/, value), path)
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${value}`)
  const address = `"$LATCHKEY_URL${filled}${pairs.length > 0 ? `?${pairs.join('&')}` : ''}"`
  const isForm = requestBody !== undefined && !('application/json' in requestBody.content)
  const needsKey = security?.length !== 0
  const words = [
    'curl -sS',
    ...(method === 'GET' || (body !== undefined && method === 'POST') ? [] : [`-X ${method}`]),
    ...(needsKey ? ['-H @-'] : []),
    ...(body === undefined || isForm ? [] : ["-H 'Content-Type: application/json'"]),
  ]
  const data = body === undefined ? '' : isForm ? formOf(body as object) : ` \\\n  -d ${quote(pretty(body))}`
  // Short enough for a line: else the address has one of its own.
  const line = `${words.join(' ')} ${address}`
  const command = `${line.length <= 90 ? line : `${words.join(' ')} \\\n  ${address}`}${data}`
  return needsKey
    ? `echo "Authorization: Bearer $LATCHKEY_KEY" |\n  ${command.replaceAll('\\\n  ', '\\\n    ')}`
    : command
}

function formOf(body: object): string {
  const fields = Object.entries(body).map(([name, value]) => `${name}=${[value].flat().join(' ')}`)
  return fields.map((field) => ` \\\n  --data-urlencode ${quote(field)}`).join('')
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** JSON on one line if it is short. */
function pretty(value: unknown): string {
  const line = JSON.stringify(value, null, 1)
    .replaceAll(/\n\s*/g, ' ')
    .replaceAll('[ ', '[')
    .replaceAll(' ]', ']')
  return line.length <= 90 ? line : JSON.stringify(value, null, 2)
}
