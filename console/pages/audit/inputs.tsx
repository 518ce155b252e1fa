// The controls of filters: what is typed in them is taken once it is whole.
import { useEffect, useState } from 'react'
import type { ControlProps } from '../../components/field.tsx'

/** A day, taken once the whole of it is given. */
export function DayInput({
  control,
  day,
  change,
}: {
  control: ControlProps
  day: string
  change: (day: string) => void
}) {
  const [given, setGiven] = useState(day)
  // The address changed by itself: back, or cleared.
  useEffect(() => setGiven(day), [day])
  return (
    <input
      {...control}
      type="date"
      className="input"
      value={given}
      onChange={({ target }) => {
        setGiven(target.value)
        // While a year is typed, it is one of the first thousand.
        if (target.value === '' || target.value >= '1970') change(target.value)
      }}
    />
  )
}

interface TextInputProps {
  control: ControlProps
  text: string
  placeholder: string
  change: (text: string | undefined) => void
  /** Whether `/` leads to it. */
  isFirst?: boolean
}

/** An id, taken when Enter is pressed or the field is left: half of one is none. */
export function TextInput({ control, text, placeholder, change, isFirst = false }: TextInputProps) {
  const [typed, setTyped] = useState(text)
  useEffect(() => setTyped(text), [text])
  const take = () => {
    const next = typed.trim()
    if (next !== text) change(next === '' ? undefined : next)
  }
  return (
    <input
      {...control}
      className="input font-mono md:text-[0.8125rem]"
      autoComplete="off"
      autoCapitalize="off"
      spellCheck={false}
      placeholder={placeholder}
      {...(isFirst && { 'data-shortcut': '/' })}
      value={typed}
      onChange={({ target }) => setTyped(target.value)}
      onBlur={take}
      onKeyDown={({ key }) => key === 'Enter' && take()}
    />
  )
}
