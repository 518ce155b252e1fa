// How many of the most calls something had, as a bar under its name.

interface ShareBarProps {
  calls: number
  /** As many fill the whole bar. */
  most: number
  /** Its colour, and what shows of the rest. */
  look: string
}

export function ShareBar({ calls, most, look }: ShareBarProps) {
  return (
    <svg
      className={`mt-1 block w-full rounded-full ${look}`}
      preserveAspectRatio="none"
      viewBox="0 0 100 1"
      aria-hidden
    >
      <rect width={Math.max(1, (100 * calls) / most)} height="1" fill="currentColor" />
    </svg>
  )
}
