// The form of a tag, for those who check it before they send it. Pure.

/** A tag: lower-case letters, digits, and signs but for its first character. How long it may be is in `bounds.ts`. */
export const tagPattern = /^[a-z0-9][a-z0-9_.:-]*$/
