// What the first start prints: the root key, once, and three commands to begin with.

/**
 * The lines for the person who has just started Latchkey: they paste into a shell as they are, one after the
 * other. Tokens reach curl through a pipe or a here-document, since arguments stand in process lists.
 */
export function formatFirstStart(url: string, rootKey: string): string[] {
  return [
    '',
    'This is the root key. It acts on every organization. Latchkey shows it only once: store it now.',
    '',
    `  ${rootKey}`,
    '',
    `Open ${url} in a browser and sign in with it, or run these commands:`,
    '',
    '1. Create an organization:',
    '',
    ...formatRequest(rootKey, `${url}/v1/organizations`, `'{"id": "acme", "name": "Acme"}'`),
    '',
    '2. Create a key for it, and keep its token in a variable:',
    '',
    ...wrapInVariable(
      formatRequest(
        rootKey,
        `${url}/v1/keys`,
        `'{"organization_id": "acme", "name": "CI", "permissions": ["emails:send"]}'`,
      ),
    ),
    '',
    '3. Verify the token, as your API does when it receives a request:',
    '',
    ...formatRequest(rootKey, `${url}/v1/keys/verify`, '@/dev/fd/3 3<<END'),
    '{"key": "$TOKEN", "permissions": ["emails:send"]}',
    'END',
    '',
  ]
}

function formatRequest(token: string, url: string, body: string): string[] {
  return [
    `echo 'Authorization: Bearer ${token}' |`,
    `  curl -sS -w '\\n' -H @- -H 'Content-Type: application/json' ${url} \\`,
    `    -d ${body}`,
  ]
}

function wrapInVariable(lines: string[]): string[] {
  const [first, ...rest] = lines
  const extract = String.raw`sed -n 's/.*"key":"\([^"]*\)".*/\1/p'); echo "$TOKEN"`
  return [`TOKEN=$(${first}`, ...rest.slice(0, -1), `${rest.at(-1)} |`, `  ${extract}`]
}
