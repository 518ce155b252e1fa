// The token of a key, shown the only time that it can be, with code to use it.
import type { ReactNode } from 'react'
import { ShownOnce } from './shown-once.tsx'
import { Snippets } from './snippets.tsx'

interface TokenOnceProps {
  /** Hold it in the state of a component and nowhere else: no query, no mutation's data, no address, no storage. */
  token: string
  /** What its key may do, for the examples. */
  permissions: readonly string[]
  /** What else to tell: after a rotation, until when the old token works. */
  children?: ReactNode
  doneLabel?: string
  /** Goes on, once the reader has said that it is stored. */
  done: () => void
}

export function TokenOnce({ token, permissions, children, doneLabel, done }: TokenOnceProps) {
  return (
    <ShownOnce
      text={token}
      what="token"
      ifLost="Latchkey keeps no copy of the token. If you lose it, rotate the key."
      lead={children}
      doneLabel={doneLabel}
      done={done}
    >
      <Snippets token={token} permissions={permissions} />
    </ShownOnce>
  )
}
