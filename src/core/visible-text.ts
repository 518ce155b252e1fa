// What of a text can be seen. A name of which nothing can be seen is refused; pages and terminals mark characters that
// hide, or that turn the direction of their neighbours.

/**
 * Characters that draw nothing: blanks, controls, those that Unicode lets a font ignore (zero-width, fillers, soft
 * hyphens, variation selectors, tags), direction marks, the Braille cell without dots, interlinear annotations, the
 * note without a head, and the joiners of hieroglyphs.
 */
const undrawn =
  /[\s\p{Z}\p{Cc}\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\u2800\ufff9-\ufffb\u{1d159}\u{13430}-\u{1343f}]/gu

/** Tells whether at least one character of a text can be seen. */
export function isVisible(text: string): boolean {
  return text.replace(undrawn, '') !== ''
}
