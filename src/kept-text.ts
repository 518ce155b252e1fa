// Copies a text that is kept longer than the one from which it was cut.
//
// A part of a text holds all of it: V8 refers to the characters where they stand (the release of Node 26 lets go of them when
// it collects garbage, those of 22 and 24 never do). A kid that is remembered would hold the body in which its token came.

/** Copies a text whose characters are all of Latin-1, such as a part of a token. */
export function copyLatin1(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}
