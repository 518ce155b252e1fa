// Which paths a scan leaves out: patterns in the manner of `.gitignore`.

/** Tells whether a path matches one of the patterns: one without `/` names anything of that name, at any depth. */
export function excluding(patterns: readonly string[]): (path: string) => boolean {
  const expressions = patterns.map(toExpression)
  return (path) => expressions.some((one) => one.test(path))
}

function toExpression(pattern: string): RegExp {
  const trimmed = pattern.replace(/^\.?\/|\/$/g, '')
  const text = trimmed
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*\*\/?|\*|\?/g, (sign) =>
      sign === '*' ? '[^/]*' : sign === '?' ? '[^/]' : sign === '**' ? '.*' : '(?:.*/)?',
    )
  return new RegExp(`^${pattern.replace(/\/$/, '').includes('/') ? '' : '(?:.*/)?'}${text}$`)
}
