// Reads a form (`application/x-www-form-urlencoded`), as the endpoints of OAuth 2.0 take it.
import { refuseField } from '../core/errors.ts'

/** The fields of a form, in their order. Fields that nobody asks for are ignored (RFC 6749, section 3.2). */
export class Form {
  /** Those that have a value: one without counts as left out (RFC 6749, section 3.2). */
  readonly fields: readonly (readonly [name: string, value: string])[]

  constructor(fields: readonly (readonly [name: string, value: string])[]) {
    this.fields = fields.filter(([, value]) => value !== '')
  }

  /** The value of a field; undefined if it was left out. Throws `invalid_input` for one that came twice. */
  one(name: string): string | undefined {
    const values = this.all(name)
    if (values.length > 1) refuseField(name, 'Must be given once.')
    return values[0]
  }

  /** The values of a field that may come several times. */
  all(name: string): string[] {
    return this.fields.filter((field) => field[0] === name).map(([, value]) => value)
  }
}

/** Reads a form. Throws `invalid_input` for what is not percent-encoded UTF-8. */
export function readForm(text: string): Form {
  // All that is not of ASCII stands encoded in a form.
  if (!/^[!-~]*$/.test(text)) refuseField('', malformed)
  const pairs = text.split('&').filter((pair) => pair !== '')
  return new Form(
    pairs.map((pair) => {
      const end = pair.indexOf('=')
      return end === -1
        ? ([decode(pair), ''] as const)
        : ([decode(pair.slice(0, end)), decode(pair.slice(end + 1))] as const)
    }),
  )
}

/** Decodes what stands in a form, or in the user name and password of a client (RFC 6749, section 2.3.1). */
export function decodeForm(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

function decode(text: string): string {
  return decodeForm(text) ?? refuseField('', malformed)
}

const malformed = 'The form is not percent-encoded UTF-8.'
