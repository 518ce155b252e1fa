// What kind of client a user agent names.

/** Browsers call themselves by the names of others too: the first of these that is named is the one. */
const browsers = [
  ['Edge', /\bEdg(?:e|A|iOS)?\//],
  ['Opera', /\b(?:OPR|Opera)\//],
  ['Samsung Internet', /\bSamsungBrowser\//],
  ['Firefox', /\b(?:Firefox|FxiOS)\//],
  ['Chrome', /\b(?:HeadlessChrome|Chrome|CriOS)\//],
  ['Safari', /\bSafari\//],
] as const

/** The kind of a client, such as `curl`; null for no user agent. */
export function clientOf(userAgent: string | null): string | null {
  if (userAgent === null || userAgent === '') return null
  const robot = /\(compatible; ([\w.-]{1,40})/.exec(userAgent)?.[1]
  if (robot !== undefined) return robot
  if (!userAgent.startsWith('Mozilla/'))
    return /^[^\s/(;]{1,40}/.exec(userAgent)?.[0] ?? userAgent.slice(0, 40)
  return browsers.find(([, names]) => names.test(userAgent))?.[0] ?? 'Mozilla'
}
