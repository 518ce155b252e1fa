// The mark: a key that hangs in its latch.

export function Logo({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" className="shrink-0">
      <rect width="32" height="32" rx="7" fill="#1f2125" />
      <circle cx="16" cy="12" r="5.5" fill="none" stroke="#e0b25a" strokeWidth="3" />
      <path
        d="M16 17.5V27M16 22.5h4.5M16 26.5h3"
        fill="none"
        stroke="#e0b25a"
        strokeWidth="3"
        strokeLinecap="round"
      />
    </svg>
  )
}
