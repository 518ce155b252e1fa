// The code that /docs shows for each call is true: curl's runs against a server, TypeScript's has the types that the client
// has. That of Python and Go is checked beside their clients, and the commands beside all others' examples.
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { exampleIds } from '../src/server/openapi/samples/calls.ts'
import { makeSqlite } from './setup/databases.ts'
import { checkTypes, makeFolder } from './setup/documents-run.ts'
import { missingPrograms, wants } from './setup/programs.ts'
import { referenceSamples, samplesIn } from './setup/reference-samples.ts'
import { startTestServer } from './setup/server.ts'

/** What no program of ours calls: browsers, proxies and scanners. */
const ofOthers =
  /^(authorizeRequest|takeGithubReport|takeGitlabReport|listGitlabTokenTypes|verifyTrufflehogFinding|startSession|refreshSession|readSignIn|showInvitation|beginSignIn|finishSignIn|(begin|finish)Passkey(Registration)?|openPortal|readPortalSelf|listPortalKeys|(create|rotate|revoke)PortalKey|readPortalUsage|followChanges|readDocs(Style|Script)?|readConsole(File)?|readPortal|readEmbedFile)$/
/** What only other clients call: the one for TypeScript has better ways. */
const notInTypeScript = ['introspectToken', 'revokeToken', 'readServerMetadata', 'exportAuditEvents']

test('each call of a program has code for curl and for each client', () => {
  for (const [operationId, samples] of referenceSamples()) {
    const named = samples.map(({ language }) => language).filter((language) => language !== 'latchkey')
    const all = ['curl', 'TypeScript', 'Python', 'Go']
    const expected = ofOthers.test(operationId) ? ['curl'] : all
    const missing = notInTypeScript.includes(operationId) ? ['TypeScript'] : []
    expect(named, operationId).toEqual(expected.filter((language) => !missing.includes(language)))
  }
})

/** What a call answers with if that is not 200: what it works on is only in a browser, or is not there. */
const otherAnswers: Record<string, number> = {
  // A browser has the session, and knows the names of the files.
  ...{ showInvitation: 403, beginSignIn: 403, finishSignIn: 403 },
  ...{ refreshSession: 401, endSession: 404, readConsoleFile: 404, readEmbedFile: 404 },
  // It is written down, and the last root key does not end itself.
  ...{ reportLeaks: 202, revokeOwnKey: 409 },
  // No token is shared with GitLab, and GitHub's keys are nowhere.
  ...{ listGitlabTokenTypes: 404, takeGitlabReport: 404, takeGithubReport: 404 },
  // The root key has no children, and nothing was sent to a webhook.
  ...{ deriveKey: 403, revokeChild: 404, retryDelivery: 404 },
  // The root key is no member, and there are neither members nor invitations.
  ...{
    getOwnMember: 404,
    removeOwnIdentity: 404,
    updateOwnIdentity: 404,
    getMember: 404,
    updateMember: 404,
    removeMember: 404,
    suspendMember: 404,
  },
  ...{ resumeMember: 404, resetMember: 404, eraseMember: 404 },
  ...{ getInvitation: 404, renewInvitation: 404, revokeInvitation: 404 },
  // The root key has no portal session, and opens none; the example ends sessions that are not there.
  ...{ openPortal: 401, readPortalSelf: 401, listPortalKeys: 401, createPortalKey: 401 },
  ...{ rotatePortalKey: 401, revokePortalKey: 401, readPortalUsage: 401, endPortalSession: 404 },
  // No page of the server's own origin signs in.
  ...{ showInvitation: 403, beginSignIn: 403, finishSignIn: 403, beginPasskey: 403, finishPasskey: 403 },
  ...{ beginPasskeyRegistration: 403, finishPasskeyRegistration: 403 },
  // Acme is there, and events of last January are not.
  ...{ createOrganization: 409, replayWebhook: 422 },
}

const { skip, note } = wants(missingPrograms(['bash', 'curl']))
test.skipIf(skip)(`the code for curl runs, as it stands, against a server${note}`, async () => {
  const database = makeSqlite()
  const server = await startTestServer(database.url, { publicUrl: 'https://keys.example.com' })
  const { keys, organizations, plans, webhooks } = server.latchkey
  const credits = { name: 'credits', limit: 10_000, resets: 'monthly' } as const
  try {
    await organizations.create({ id: 'acme', name: 'Acme', limits: [credits] })
    await plans.create({ name: exampleIds.plan })
    // As many as the code expects to change.
    for (let made = 0; made < 12; made++)
      await keys.create({ organizationId: 'acme', name: 'Old', tags: ['team:billing'] })
    const drawing = await keys.create({ organizationId: 'acme', name: 'Drawing', limits: [credits] })
    const drawn = await server.latchkey.verify(drawing.key, { cost: 1, reserveSeconds: 60 })
    const reservation = 'reservation' in drawn ? String(drawn.reservation) : ''
    const lines: string[] = []
    for (const [operationId, code] of samplesIn('curl')) {
      // It never ends.
      if (operationId === 'followChanges') continue
      let text = code.replaceAll('r1.…', reservation)
      if (code.includes(exampleIds.key) || code.includes('re_…')) {
        const made = await keys.create({ organizationId: 'acme', name: operationId, limits: [credits] })
        if (operationId === 'endKeySecret') await keys.rotate(made.id, { graceSeconds: 60 })
        text = text.replaceAll(exampleIds.key, made.id).replaceAll('re_…', made.key)
        const { secrets } = await keys.get(made.id)
        text = text.replaceAll(exampleIds.kid, secrets.at(-1)?.kid ?? '')
      }
      if (operationId.includes('ebhook') || operationId === 'listDeliveries') {
        const { id } = await webhooks.create({ url: 'https://example.com/', events: ['*'] })
        text = text.replaceAll(exampleIds.webhook, id)
      }
      lines.push(`printf '%s ' ${operationId}`, text)
    }
    const script = join(makeFolder(), 'all.sh')
    // Each as it stands, but that it prints the status in place of the answer.
    const preface = 'curl() { command curl -o /dev/null -w "%{http_code}\\n" "$@"; }\n'
    writeFileSync(script, preface + lines.join('\n'))
    const env = { ...process.env, LATCHKEY_URL: server.url, LATCHKEY_KEY: server.rootKey }
    const { stdout } = await promisify(execFile)('bash', [script], { env })
    const answers = stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
    expect(answers.length).toBe(samplesIn('curl').length - 1)
    const wrong = answers.filter(([name = '', status]) => Number(status) !== (otherAnswers[name] ?? 200))
    expect(wrong).toEqual([])
  } finally {
    await server.close()
    database.remove()
  }
})

test('the code for TypeScript has the types of the client', { timeout: 60_000 }, async () => {
  const folder = makeFolder()
  const calls = samplesIn('TypeScript').map(
    ([name, code]) => `export async function ${name}() {\n${code}\n}\n`,
  )
  expect(calls.length).toBeGreaterThan(70)
  const preface =
    "import { createClient } from 'latchkey/client'\nconst latchkey = createClient({ url: '', token: '' })\n"
  // What is answered is not used here.
  const text = preface + calls.join('').replaceAll('const answer = ', 'return ')
  writeFileSync(join(folder, 'block-reference.ts'), text)
  expect(await checkTypes(folder)).toBe('')
})
