// A window of its own in which somebody signs in at a provider, while the page below keeps what was typed. It tells the page when
// it is done, and closes.
import type { SignInPurpose } from '../src/core/shapes/sign-in.ts'

/** What such a window is for. */
export interface WindowTask {
  provider: string
  purpose: Exclude<SignInPurpose, 'invitation'>
}

const channelName = 'latchkey-sign-in'
const storedAs = 'latchkey-sign-in-window'

/**
 * Opens the window; false if the browser does not let the page. The window learns what it is for by its storage, which begins as a copy
 * of the page's: no address says it, so that no link of another site begins anything.
 */
export function openSignInWindow(task: WindowTask): boolean {
  sessionStorage.setItem(storedAs, JSON.stringify(task))
  try {
    return window.open('/sign-in/window', '_blank', 'popup,width=520,height=720') !== null
  } finally {
    sessionStorage.removeItem(storedAs)
  }
}

/** What this window was opened for; undefined in any other. */
export function readWindowTask(): WindowTask | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(storedAs) ?? 'null') ?? undefined
  } catch {
    return undefined
  }
}

/** Tells the pages of this origin what the window has come to, and closes it; a browser may leave it open. */
export function finishWindow(purpose: WindowTask['purpose']): void {
  sessionStorage.removeItem(storedAs)
  const channel = new BroadcastChannel(channelName)
  channel.postMessage(purpose)
  channel.close()
  window.close()
}

/** Calls back when a window is done; returns how to stop that. */
export function followSignInWindows(listener: (purpose: WindowTask['purpose']) => void): () => void {
  const channel = new BroadcastChannel(channelName)
  channel.onmessage = ({ data }) => listener(data)
  return () => channel.close()
}
