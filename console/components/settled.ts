// What a row of a long list asks the server for only once it stays: rows that are scrolled past ask for nothing.
import { useEffect, useState } from 'react'

const stayMs = 150

/** Whether this has been on the screen for a moment. */
export function useSettled(): boolean {
  const [isSettled, setSettled] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(true), stayMs)
    return () => clearTimeout(timer)
  }, [])
  return isSettled
}
