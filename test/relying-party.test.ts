// Who a passkey is made for: the name of the public URL.
import { expect, test } from 'vitest'
import { relyingPartyOf } from '../src/domain/sign-in/web-authn.ts'

test('passkeys take a name, and TLS but on this machine', () => {
  const of = relyingPartyOf
  expect(of('https://keys.example.com/latchkey')).toEqual({
    ...{ id: 'keys.example.com', origin: 'https://keys.example.com' },
  })
  expect(of('http://localhost:7373')).toEqual({ id: 'localhost', origin: 'http://localhost:7373' })
  for (const url of [undefined, 'http://keys.example.com', 'https://192.0.2.7', 'https://[2001:db8::1]'])
    expect(of(url), url).toBeUndefined()
})
