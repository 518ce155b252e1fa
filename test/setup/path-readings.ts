// How servers behind a proxy read the path of a request: not one of them, but all that is known to be done, in every
// combination. The Servlet specification (6.0, section 3.5.2) takes parameters off each segment, decodes, and then
// resolves dots; others decode twice, take backslashes for slashes, or accept overlong UTF-8.

type Step = (path: string) => string

/** What one server does and another does not. Each is tried with and without. */
const habits: readonly Step[] = [
  // Path parameters (RFC 3986, section 3.3), as servlet containers take them away.
  (path) => path.replace(/;[^/]*/g, ''),
  decode,
  (path) => path.replaceAll('\\', '/'),
  (path) => path.replace(/\/{2,}/g, '/'),
  // Controls and blanks are passed over.
  (path) => path.replace(/[\p{Cc} \u00a0]/gu, ''),
  // After another round of decoding, parameters may be there again.
  (path) => decode(path).replace(/;[^/]*/g, ''),
]

/** Every path that a server may take a request's target for, with its dots resolved. */
export function readingsOf(target: string): Set<string> {
  const withoutHost = target.replace(/^https?:\/\/[^/]*/i, '')
  const readings = new Set<string>()
  for (const path of [target, withoutHost, withoutHost.replace(/#.*$/s, '')]) {
    const plain = path.replace(/\?.*$/s, '')
    for (let chosen = 0; chosen < 1 << habits.length; chosen++) {
      let read = plain
      for (const [i, habit] of habits.entries()) if (chosen & (1 << i)) read = habit(read)
      readings.add(resolveDots(read))
    }
  }
  return readings
}

/** The first segment, which decides what an API serves. */
export function areaOf(path: string): string {
  return path.split('/').find((segment) => segment !== '') ?? ''
}

function resolveDots(path: string): string {
  const kept: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop()
    else if (segment !== '.') kept.push(segment)
  }
  return kept.join('/')
}

/** Decodes percent signs, `%u` forms, and bytes that are overlong UTF-8. */
function decode(path: string): string {
  const bytes = path
    .replace(/%u([0-9a-f]{4})/gi, (_, hex: string) => narrow(Number.parseInt(hex, 16)))
    .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return bytes
    .replace(/[\u00c0\u00c1](.)/gs, (all, last: string) =>
      String.fromCharCode(((all.charCodeAt(0) & 1) << 6) | (last.charCodeAt(0) & 0x3f)),
    )
    .replace(/(?:\u00e0|\u00f0\u0080)\u0080([\u0080-\u00bf])/g, (_, last: string) =>
      String.fromCharCode(last.charCodeAt(0) & 0x3f),
    )
    .replace(/\u00ef\u00bc([\u0080-\u00bf])/g, (_, last: string) =>
      String.fromCharCode((last.charCodeAt(0) & 0x3f) + 0x20),
    )
}

/** Letters of full width, and slashes of other kinds, as some take them for those of ASCII. */
function narrow(code: number): string {
  if (code >= 0xff01 && code <= 0xff5e) return String.fromCharCode(code - 0xfee0)
  return code === 0x2215 || code === 0x2044 ? '/' : String.fromCharCode(code & 0xff)
}
