// A bar that moves while the server looks through a long list: nobody knows how far it still has to go.

export function Searching() {
  return (
    <progress
      aria-label="Searching"
      className="h-1 w-24 appearance-none overflow-hidden rounded-full bg-line animate-pulse [&::-moz-progress-bar]:bg-note [&::-webkit-progress-bar]:bg-note"
    />
  )
}
