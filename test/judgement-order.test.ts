// The order of judgement: of any two reasons to refuse a token, each door tells the graver one.
import { expect, test } from 'vitest'
import { createVerifier } from '../src/client/index.ts'
import type { LimitInput } from '../src/core/shapes/limits.ts'
import { refusalOrder, type VerdictCode } from '../src/core/shapes/verification.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { send, startTestServer } from './setup/server.ts'

type Reason = (typeof refusalOrder)[number] | 'suspended organization'

const reasons: readonly Reason[] = [...refusalOrder, 'suspended organization']
const codeOf = (reason: Reason) => (reason === 'suspended organization' ? 'suspended' : reason)
const rankOf = (reason: Reason) => refusalOrder.indexOf(codeOf(reason))

/** All pairs, and each reason by itself. */
const pairs = reasons.flatMap((one, i) => reasons.slice(i).map((other) => [one, other] as const))

const past = Date.UTC(2020, 0, 1)
const future = Date.UTC(2100, 0, 1)
const ofKeys: Partial<Record<Reason, string>> = {
  revoked: `revoked_at = ${past}`,
  suspended: `suspended_at = ${past}`,
  expired: `expires_at = ${past}`,
  not_yet_valid: `not_before = ${future}`,
  ip_not_allowed: `allowed_ips = '["10.0.0.0/8","2001:db8::/32"]'`,
}
const limitOf: Partial<Record<Reason, LimitInput>> = {
  quota_exceeded: { name: 'credits', limit: 1, resets: null },
  rate_limited: { name: 'calls', limit: 1, windowSeconds: 60 },
}

onEachDatabase('of two reasons the graver one is told', (makeDatabase) => {
  test('from memory, by a read, in a batch, over HTTP, to a proxy and by a verifier', async () => {
    const database = await makeDatabase()
    await using server = await startTestServer(database, { trustedProxies: ['127.0.0.0/8', '::1'] })
    await using cold = await openLatchkey({ database, cachedSecrets: 0 })
    const { latchkey, url, rootKey } = server
    for (const id of ['acme', 'closed']) await latchkey.organizations.create({ id, name: id })
    await using direct = await connectDirectly(database)
    const made = await Promise.all(
      pairs.map(async (pair) => {
        const has = (reason: Reason) => pair.includes(reason)
        const limits = pair.flatMap((reason) => limitOf[reason] ?? [])
        const { id, key } = await latchkey.keys.create({
          organizationId: has('suspended organization') ? 'closed' : 'acme',
          name: pair.join(' and '),
          permissions: ['emails:send'],
          limits: [...new Map(limits.map((limit) => [limit.name, limit])).values()],
        })
        const question = {
          permissions: has('insufficient_permissions') ? ['emails:read'] : ['emails:send'],
          cost: 5,
          context: { ip: '192.0.2.7' },
          ...(has('not_found') && { organizationId: 'other' }),
          ...(has('wrong_environment') && { prefix: 're_test' }),
        }
        const token = has('malformed') ? key.slice(0, -1) : key
        return { pair, id, token, question }
      }),
    )
    for (const { pair, id } of made) {
      for (const reason of pair)
        if (ofKeys[reason]) await direct.run(`update keys set ${ofKeys[reason]} where id = '${id}'`)
      if (pair.includes('rotated')) await direct.run(`update secrets set ended_at = 1 where key_id = '${id}'`)
    }
    await direct.run(`update organizations set suspended_at = ${past} where id = 'closed'`)

    type Asked = (typeof made)[number]
    const expectEach = async (
      way: string,
      judge: (asked: Asked) => Promise<VerdictCode | string | null>,
      some = made,
    ) => {
      const found = await Promise.all(
        some.map(async (asked) => [asked.pair.join(' and '), await judge(asked)] as const),
      )
      const wanted = some.map(({ pair: [one, other] }) => [
        `${one} and ${other}`,
        codeOf(rankOf(one) <= rankOf(other) ? one : other),
      ])
      expect(Object.fromEntries(found), way).toEqual(Object.fromEntries(wanted))
    }

    await expectEach('a read', async ({ token, question }) => (await cold.verify(token, question)).code)
    await expectEach('first', async ({ token, question }) => (await latchkey.verify(token, question)).code)
    await expectEach('memory', async ({ token, question }) => {
      const verdict = latchkey.verifyCached(token, question) ?? (await latchkey.verify(token, question))
      return verdict.code
    })
    const inScope = made.filter(({ pair }) => !pair.includes('not_found'))
    for (const one of [latchkey, cold]) {
      const asked = inScope.map(({ token, question }) => ({ key: token, ...question }))
      const verdicts = await one.verifyBatch(asked)
      await expectEach('a batch', async (one) => verdicts[inScope.indexOf(one)]?.code ?? null, inScope)
    }
    const overHttp = async ({ token, question }: Asked, isPlain: boolean) => {
      const body = { key: token, ...question, ...(isPlain && { cost: undefined }) }
      const { json } = await send<{ code: string }>(url, 'POST', '/v1/keys/verify', { token: rootKey, body })
      return json.code
    }
    await expectEach('over HTTP', (asked) => overHttp(asked, false), inScope)
    const isUnlimited = ({ pair }: Asked) => pair.every((reason) => limitOf[reason] === undefined)
    await expectEach('the fast path', (asked) => overHttp(asked, true), inScope.filter(isUnlimited))
    const asProxy = async ({ token, question: { permissions, context, prefix } }: Asked) => {
      const headers = { 'x-api-key': token, 'x-forwarded-for': context.ip }
      const answer = await send(
        url,
        'GET',
        `/v1/auth?cost=5&permission=${permissions}${prefix ? `&prefix=${prefix}` : ''}`,
        { headers },
      )
      return answer.headers.get('x-latchkey-code')
    }
    await expectEach('a proxy', asProxy, inScope)

    await using verifier = createVerifier({ url, token: rootKey })
    await verifier.ready()
    await expectEach(
      'a verifier',
      async ({ token, question }) => (await verifier.verify(token, question)).code,
    )
    await expectEach('a verifier again', async ({ token, question }) => {
      const verdict = verifier.verifyCached(token, question) ?? (await verifier.verify(token, question))
      return verdict.code
    })
  })
})
