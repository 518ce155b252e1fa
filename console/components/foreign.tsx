// Text that others wrote, such as a name: it keeps to itself whatever its direction, and hides no character.
import { Fragment, type ReactNode } from 'react'
import { partsOf, withMarks } from '../format/foreign-text.ts'

interface ForeignProps {
  text: string
  className?: string
  /** What shows at the pointer: the text itself, where it may be cut; else another, or none. */
  title?: string | 'itself' | undefined
}

/** A text on its own in a line: isolated from the direction of what is around it. */
export function Foreign({ text, className = '', title }: ForeignProps) {
  return (
    <bdi className={`foreign ${className}`} title={title === 'itself' ? withMarks(text) : title}>
      {marked(text)}
    </bdi>
  )
}

/** An address, which breaks between its parts before it breaks within one. */
export function Address({ text, className = '' }: Omit<ForeignProps, 'title'>) {
  let at = 0
  return (
    <bdi className={`foreign ${className}`}>
      {text.split(/(?<=[/?&@])(?![/?&@])/).map((part) => {
        at += part.length
        return (
          <Fragment key={at}>
            {marked(part)}
            <wbr />
          </Fragment>
        )
      })}
    </bdi>
  )
}

/** The text with a mark in place of each hidden character, for an element that isolates it by itself. */
export function marked(text: string): ReactNode {
  const parts = partsOf(text)
  if (parts.every(({ isHidden }) => !isHidden)) return text
  let at = 0
  return parts.map((part) => {
    at += part.text.length
    return part.isHidden ? (
      <span
        key={at}
        title="A character that cannot be seen"
        className="mx-px inline-block select-none rounded border border-warn/50 bg-warn-soft px-1 align-baseline font-mono text-[0.6875rem] font-normal leading-4 text-warn no-underline"
      >
        {part.text}
      </span>
    ) : (
      <Fragment key={at}>{part.text}</Fragment>
    )
  })
}
