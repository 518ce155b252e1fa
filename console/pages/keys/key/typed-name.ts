// Whether a name was typed as it is. Pure.

/** Compares what people see: however a letter is composed, and whatever space is around it. */
export function isSameName(typed: string, name: string): boolean {
  return typed.normalize('NFC').trim() === name.normalize('NFC').trim()
}
