// Which language is spoken: of those that there are words in, the one that the page or its reader likes best.

/** The languages that there are words in (BCP 47). */
export const languages = ['en', 'de', 'es'] as const
export type Language = (typeof languages)[number]

/**
 * Chooses among languages (BCP 47), the first of which is liked best: gives the first that there are words in, in the reader's own
 * variant, such as `de-AT`.
 */
export function chooseLanguage(wanted: readonly (string | null | undefined)[]): string {
  return wanted.find((tag) => tag && findLanguage(tag)) ?? 'en'
}

/** Of a language's variant, the language that there are words in; English if there are none. */
export function languageOf(tag: string): Language {
  return findLanguage(tag) ?? 'en'
}

/** The language of the nearest element that names one, through the hosts of shadow trees; undefined if none does. */
export function languageAround(element: Element): string | undefined {
  for (let at: Element | undefined = element; at !== undefined; ) {
    const named: Element | null = at.closest('[lang]')
    if (named) return named.getAttribute('lang') || undefined
    const root: Node = at.getRootNode()
    at = root instanceof ShadowRoot ? root.host : undefined
  }
  return undefined
}

function findLanguage(tag: string): Language | undefined {
  // A tag that is none would be refused wherever dates are written.
  if (!/^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*$/.test(tag)) return undefined
  const primary = tag.split('-')[0]?.toLowerCase()
  return languages.find((language) => language === primary)
}
