// The cookies of sign-ins under way: one each, so that two tabs which begin at once do not take each other's.
import { maxSignInsUnderWay, signInMs } from '../core/bounds.ts'

const secureName = '__Host-latchkey-sign-in-'
const plainName = 'latchkey-sign-in-'
const idPattern = /^[A-Za-z0-9_-]{16}$/

/** The sign-ins that a browser has under way: what it keeps of each, by its id, the oldest first. */
export type SignInsUnderWay = ReadonlyMap<string, string>

/** Reads them from a Cookie header. Where the browser is known to speak TLS the plain names do not count. */
export function readSignIns(cookies: string, overTls: boolean): SignInsUnderWay {
  const prefix = overTls ? secureName : plainName
  const found = cookies
    .split(';')
    .map((cookie) => cookie.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((cookie) => cookie.startsWith(prefix))
    .flatMap((cookie) => {
      const [name = '', text = ''] = cookie.slice(prefix.length).split('=')
      const [begunAt = '', value = ''] = text.split('.')
      return idPattern.test(name) ? [{ id: name, begunAt: Number.parseInt(begunAt, 36) || 0, value }] : []
    })
    .sort((a, b) => a.begunAt - b.begunAt)
  return new Map(found.map(({ id, value }) => [id, value]))
}

/**
 * The lines of Set-Cookie by which a browser keeps one more for ten minutes, and gives up the oldest beyond four. `SameSite=Strict`:
 * no navigation that another site began brings it.
 */
export function keepSignIn(
  { id, value }: { id: string; value: string },
  underWay: SignInsUnderWay,
  { overTls, now }: { overTls: boolean; now: number },
): string[] {
  const others = [...underWay.keys()].filter((other) => other !== id)
  const surplus = others.slice(0, Math.max(0, others.length - (maxSignInsUnderWay - 1)))
  const begunAt = Math.floor(now / 1000).toString(36)
  return [
    ...surplus.map((other) => endSignIn(other, overTls)),
    setCookie(id, `${begunAt}.${value}`, signInMs / 1000, overTls),
  ]
}

/** The Set-Cookie that takes one back. */
export function endSignIn(id: string, overTls: boolean): string {
  return setCookie(id, '', 0, overTls)
}

function setCookie(id: string, value: string, maxAgeSeconds: number, overTls: boolean): string {
  const name = (overTls ? secureName : plainName) + id
  const secure = overTls ? '; Secure' : ''
  return `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict${secure}`
}
