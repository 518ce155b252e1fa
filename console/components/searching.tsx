// Turns while the server looks through a long list: nobody knows how far it still has to go.
import { LoaderCircle } from 'lucide-react'

export function Searching() {
  return (
    <span className="inline-flex">
      <LoaderCircle size={16} aria-hidden className="animate-spin" />
      <progress aria-label="Searching" className="sr-only" />
    </span>
  )
}
