// Text to take along: in a box, with a button that copies it.
import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Button, type ButtonKind } from './button.tsx'

const shownMs = 2_000

/** Copies `text`, and says so where it is and by ear. */
export function CopyButton({
  text,
  label = 'Copy',
  kind = 'plain',
  iconOnly = false,
}: {
  text: string
  label?: string
  kind?: ButtonKind
  /** Shows no word; `label` is still its name. */
  iconOnly?: boolean
}) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle')
  useEffect(() => {
    if (state === 'idle') return
    const timer = setTimeout(() => setState('idle'), shownMs)
    return () => clearTimeout(timer)
  }, [state])
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setState('copied')
    } catch {
      // No clipboard without TLS on another host than one's own: the text can be selected.
      setState('failed')
    }
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
          <span className={`col-start-1 row-start-1 ${state === 'idle' ? '' : 'invisible'}`}>{label}</span>
          <span
            className={`col-start-1 row-start-1 ${state === 'copied' ? '' : 'invisible'}`}
            aria-hidden={state !== 'copied'}
          >
            Copied
          </span>
          <span
            className={`col-start-1 row-start-1 ${state === 'failed' ? '' : 'invisible'}`}
            aria-hidden={state !== 'failed'}
          >
            Failed
          </span>
        </span>
      </Button>
      <span role="status" className="sr-only">
        {state === 'copied'
          ? 'Copied'
          : state === 'failed'
            ? 'The browser does not let this page copy: select the text.'
            : ''}
      </span>
    </>
  )
}

/** Code or a token to copy. */
export function CopyBox({ text, label }: { text: string; label: string }) {
  return (
    <div className="rounded-lg border border-line bg-sunken">
      <div className="flex items-center justify-between gap-3 border-b border-line px-3 py-1.5">
        <span className="text-xs font-medium text-muted">{label}</span>
        <CopyButton text={text} />
      </div>
      <pre className="overflow-x-auto whitespace-pre-wrap p-3 font-mono text-[0.8125rem] leading-5 [overflow-wrap:anywhere]">
        <code>{text}</code>
      </pre>
    </div>
  )
}
