// In place of a window whose files could not be loaded: the page behind it stays as it is.
import { renewPageNow } from '../renewal.ts'
import { Button } from './button.tsx'
import { Notice } from './notices.tsx'

export function MissingPart({ close }: { close?: () => void }) {
  return (
    <div className="fixed inset-x-4 top-4 z-50 flex justify-center">
      <div className="w-full max-w-lg rounded-lg bg-raised shadow-raised">
        <Notice
          tone="error"
          title="The browser could not load this part of the page"
          action={
            <div className="flex flex-wrap gap-2">
              {close && <Button onClick={close}>Close</Button>}
              <Button onClick={() => void renewPageNow()}>Reload the page</Button>
            </div>
          }
        >
          <p>
            Latchkey does not answer, or was upgraded meanwhile. What you typed stays until the page is
            reloaded.
          </p>
        </Notice>
      </div>
    </div>
  )
}
