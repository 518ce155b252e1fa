// What `latchkey/embed` is: imported in a browser it gives the page the element, and elsewhere it does nothing.
import { defineElement } from './element.ts'

export { LatchkeyKeysElement } from './element.ts'
export type { GetToken, PortalToken } from './token-source.ts'

defineElement()
