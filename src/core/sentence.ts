// Sentences of others, inside of ours.

/** Ends a message with a point unless it ends already, so that a sentence may follow it. */
export function endSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
