// When a quota begins anew, or a rate is full.
import { fromNow, inFull } from '../format/times.ts'
import { useNow } from './time.tsx'

interface LimitResetProps {
  of: { resets_at: string | null; window_seconds?: number | undefined }
}

export function LimitReset({ of: { resets_at: at, window_seconds: window } }: LimitResetProps) {
  const now = useNow()
  if (window !== undefined) {
    if (at === null || Date.parse(at) <= now) return 'Full'
    return <time dateTime={at} title={inFull(at)}>{`Full ${fromNow(at, now)}`}</time>
  }
  if (at === null) return 'Never resets'
  return <time dateTime={at} title={inFull(at)}>{`Resets ${fromNow(at, now)}`}</time>
}
