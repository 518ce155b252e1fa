// A link for the rows of long lists: the router's own costs too much where a screen of them is new in every frame.
import { useRouter } from '@tanstack/react-router'
import type { AnchorHTMLAttributes, MouseEvent, ReactNode } from 'react'

interface RowLinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  href: string
  children: ReactNode
}

/** A link to a page of the console, by its whole path. */
export function RowLink({ href, children, ...anchor }: RowLinkProps) {
  const router = useRouter()
  const follow = (event: MouseEvent) => {
    // Another button or key opens it elsewhere: the browser's own affair.
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    void router.navigate({ href })
  }
  return (
    <a {...anchor} href={href} onClick={follow}>
      {children}
    </a>
  )
}
