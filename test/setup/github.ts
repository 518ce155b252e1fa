// GitHub as a test has it: keys of its own, a server that publishes them, and reports that they have signed.
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** A pair of keys of the kind that GitHub has. */
export interface Signer {
  id: string
  privateKey: KeyObject
  pem: string
}

export function makeSigner(id: string, namedCurve = 'P-256'): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve })
  return { id, privateKey, pem: publicKey.export({ type: 'spki', format: 'pem' }).toString() }
}

/** The list that the server publishes. */
export function listOf(...signers: Pick<Signer, 'id' | 'pem'>[]): string {
  const keys = signers.map(({ id, pem }, i) => ({ key_identifier: id, key: pem, is_current: i === 0 }))
  return JSON.stringify({ public_keys: keys })
}

/** The headers of a report that a key has signed. */
export function signed(signer: Signer, body: string | Uint8Array): Record<string, string> {
  return {
    'github-public-key-identifier': signer.id,
    'github-public-key-signature': sign('sha256', Buffer.from(body), signer.privateKey).toString('base64'),
  }
}

export interface KeyServer {
  url: string
  /** How often it was asked. */
  readonly asked: number
}

/** Starts a server of keys, which answers as a test says. */
export async function startKeyServer(answer: RequestListener): Promise<KeyServer> {
  let asked = 0
  const server = createServer((request, response) => {
    asked++
    answer(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    get asked() {
      return asked
    },
  }
}
