// What a request's target names, letter by letter: a proxy in front decides by the same letters.

// A path that every program reads alike: nothing encoded, no parameters, and neither `.` nor `..`.
const plainPathPattern = /^(?:\/|(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9_.~-]+)+)$/

/** Returns the path of a request's target (RFC 9112, section 3.2) as it stands there: nothing is decoded or resolved. */
export function literalPath(target: string): string {
  const end = target.indexOf('?')
  return end === -1 ? target : target.slice(0, end)
}

/**
 * Tells whether a path may be a page of the console, whose addresses hold what people typed: as plain, but that letters
 * outside the unreserved ones may stand encoded (RFC 3986, section 2.3). To encode others is a disguise.
 */
export function isPagePath(path: string): boolean {
  if (/%(?:2[dDeE]|3[0-9]|4[1-9a-fA-F]|5[0-9aAfF]|6[1-9a-fA-F]|7[0-9aAeE])/.test(path)) return false
  return plainPathPattern.test(path.replace(/%[0-9A-Fa-f]{2}|[!'()*]/g, 'x'))
}

/**
 * Returns the parameters of a path that is an instance of a route's template, or undefined if it is none. Fixed
 * segments must be there letter by letter, and parameters are taken as they stand: an encoded letter, a doubled
 * slash or the absolute form would be served past a proxy that denies the plain spelling.
 */
export function matchTemplate(template: string, path: string): Record<string, string> | undefined {
  const segments = template.split('/')
  const given = path.split('/')
  if (segments.length !== given.length) return undefined
  const params: Record<string, string> = {}
  for (const [i, segment] of segments.entries()) {
    const value = given[i] as string
    if (!segment.startsWith('{')) {
      if (segment !== value) return undefined
    } else if (/^\.{0,2}$/.test(value)) return undefined
    else params[segment.slice(1, -1)] = value
  }
  return params
}
