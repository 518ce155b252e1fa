/** The address that holds the text of a thread's program; stack traces show the name, not the whole text. */
export function threadAddress(text: string, name: string): string {
  return `data:text/javascript,${encodeURIComponent(`${text}//# sourceURL=${name}\n`)}`
}
