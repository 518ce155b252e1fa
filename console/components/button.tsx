// Buttons, and links that look like them. One that may not be pressed says why.
import { createLink } from '@tanstack/react-router'
import { type AnchorHTMLAttributes, type ButtonHTMLAttributes, type ReactNode, type Ref, useId } from 'react'
import { Hint } from './hint.tsx'

export type ButtonKind = 'primary' | 'plain' | 'quiet' | 'danger'

const looks: Record<ButtonKind, string> = {
  primary: 'border-transparent bg-primary text-on-primary enabled:hover:bg-primary-hover',
  plain: 'border-edge bg-surface text-ink hover:bg-hover',
  quiet: 'border-transparent bg-transparent text-ink hover:bg-hover',
  danger: 'border-transparent bg-danger-solid text-on-danger enabled:hover:brightness-110',
}
const shape =
  'inline-flex min-h-9 items-center justify-center gap-2 whitespace-nowrap rounded-md border px-3 py-1.5 text-sm font-medium no-underline transition-colors aria-disabled:cursor-not-allowed aria-disabled:opacity-55'

interface Look {
  kind?: ButtonKind
  icon?: ReactNode
  /** Why it may not be pressed now; undefined if it may. It stays in the order of the keyboard, to be read. */
  refusal?: string | undefined
  /** The key that presses it from anywhere on the page. */
  shortcut?: 'n' | undefined
}

type ButtonProps = Look & ButtonHTMLAttributes<HTMLButtonElement> & { busy?: boolean }

export function Button({ kind = 'plain', icon, refusal, busy, shortcut, className, ...rest }: ButtonProps) {
  const reasonId = useId()
  const off = refusal !== undefined || busy === true
  const button = (
    <button
      type="button"
      {...rest}
      className={`${shape} ${looks[kind]} ${className ?? ''}`}
      aria-disabled={off || undefined}
      aria-busy={busy || undefined}
      aria-describedby={refusal === undefined ? rest['aria-describedby'] : reasonId}
      data-shortcut={shortcut}
      onClick={off ? (event) => event.preventDefault() : rest.onClick}
    >
      {icon}
      {rest.children}
    </button>
  )
  return refusal === undefined ? (
    button
  ) : (
    <Hint id={reasonId} text={refusal}>
      {button}
    </Hint>
  )
}

interface ChangeButtonProps {
  /** What it does, such as `Edit`. */
  label: string
  /** To what, for who reads by ear: `the permissions`. */
  of: string
  refusal?: string | undefined
  onClick: () => void
}

/** A button beside what it changes: as quiet as a link, with its text where the line ends. */
export function ChangeButton({ label, of, refusal, onClick }: ChangeButtonProps) {
  return (
    <Button kind="quiet" className="-mx-3 text-link" refusal={refusal} onClick={onClick}>
      <span>
        {label}
        <span className="sr-only"> {of}</span>
      </span>
    </Button>
  )
}

/** A way to another page. Where the page could not be used, a button that says why. */
export const LinkButton = createLink(AnchorButton)

function AnchorButton({
  kind = 'plain',
  icon,
  refusal,
  shortcut,
  children,
  ...anchor
}: Look & AnchorHTMLAttributes<HTMLAnchorElement> & { ref?: Ref<HTMLAnchorElement> }) {
  if (refusal !== undefined) {
    return (
      <Button kind={kind} icon={icon} refusal={refusal} shortcut={shortcut}>
        {children}
      </Button>
    )
  }
  return (
    <a {...anchor} className={`${shape} ${looks[kind].replaceAll('enabled:', '')}`} data-shortcut={shortcut}>
      {icon}
      {children}
    </a>
  )
}

/** A button of an icon alone: `label` is its name. */
export function IconButton({
  label,
  icon,
  ...rest
}: { label: string; icon: ReactNode } & ButtonHTMLAttributes<HTMLButtonElement>) {
  return (
    <button
      type="button"
      title={label}
      {...rest}
      className={`inline-flex size-9 shrink-0 items-center justify-center rounded-md border border-transparent text-muted hover:bg-hover hover:text-ink ${rest.className ?? ''}`}
    >
      {icon}
      <span className="sr-only">{label}</span>
    </button>
  )
}
