// Text to take along: in a box, with a button that copies it.
import { Check, Copy, TriangleAlert } from 'lucide-react'
import { type RefObject, useEffect, useRef, useState } from 'react'
import { copyText, selectAll } from '../clipboard.ts'
import { Button, type ButtonKind } from './button.tsx'

const shownMs = 2_000

interface CopyButtonProps {
  text: string
  label?: string
  kind?: ButtonKind
  /** Shows no word; `label` is still its name. */
  iconOnly?: boolean
  /** What shows the text already; else the button shows it where it cannot be copied. */
  shownBy?: RefObject<HTMLElement | null>
}

/** Copies `text`, and says so where it is and by ear. Where it may not, it selects the text and says why. */
export function CopyButton({
  text,
  label = 'Copy',
  kind = 'plain',
  iconOnly = false,
  shownBy,
}: CopyButtonProps) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle')
  useEffect(() => {
    if (state !== 'copied') return
    const timer = setTimeout(() => setState('idle'), shownMs)
    return () => clearTimeout(timer)
  }, [state])
  const copy = async () => {
    if (await copyText(text)) return setState('copied')
    setState('failed')
    if (shownBy?.current) selectAll(shownBy.current)
  }
  return (
    <>
      <Button
        kind={kind}
        title={iconOnly ? label : undefined}
        className={iconOnly ? '-mr-3' : ''}
        onClick={() => void copy()}
        icon={state === 'copied' ? <Check size={16} aria-hidden /> : <Copy size={16} aria-hidden />}
      >
        {/* The longest word keeps the button's width. */}
        <span className={iconOnly ? 'sr-only' : 'grid justify-items-start'}>
          <span className={`col-start-1 row-start-1 ${state === 'copied' ? 'invisible' : ''}`}>{label}</span>
          <span
            className={`col-start-1 row-start-1 ${state === 'copied' ? '' : 'invisible'}`}
            aria-hidden={state !== 'copied'}
          >
            Copied
          </span>
        </span>
      </Button>
      <span role="status" className="sr-only">
        {state === 'copied' && 'Copied'}
      </span>
      {state === 'failed' && <NotCopied text={text} isShown={shownBy !== undefined} />}
    </>
  )
}

function NotCopied({ text, isShown }: { text: string; isShown: boolean }) {
  const place = useRef<HTMLElement>(null)
  useEffect(() => {
    if (place.current !== null) selectAll(place.current)
  }, [])
  return (
    <div role="alert" className="w-full basis-full text-warn">
      <p className="flex items-start gap-2">
        <TriangleAlert size={16} aria-hidden className="mt-0.5 shrink-0" />
        <span>
          {isSecureContext
            ? 'The browser does not let this page copy.'
            : 'The browser lets no page copy that came over plain HTTP, from another machine.'}{' '}
          The text is selected: copy it with Ctrl+C, or ⌘C on a Mac.
        </span>
      </p>
      {!isShown && (
        <code ref={place} className="code mt-1 block text-ink">
          {text}
        </code>
      )}
    </div>
  )
}

/** Code or a token to copy. */
export function CopyBox({ text, label }: { text: string; label: string }) {
  const code = useRef<HTMLElement>(null)
  return (
    <div className="rounded-lg border border-line bg-sunken">
      <div className="flex flex-wrap items-center justify-between gap-x-3 gap-y-1 border-b border-line px-3 py-1.5">
        <span className="text-xs font-medium text-muted">{label}</span>
        <CopyButton text={text} shownBy={code} />
      </div>
      <pre className="overflow-x-auto whitespace-pre-wrap p-3 font-mono text-[0.8125rem] leading-5 [overflow-wrap:anywhere]">
        <code ref={code}>{text}</code>
      </pre>
    </div>
  )
}
