// Dark, light, or as the system has it.
import { Moon, Sun, SunMoon } from 'lucide-react'
import { useState } from 'react'
import { currentTheme, showTheme, themes } from '../theme.ts'
import { IconButton } from './button.tsx'

const faces = {
  system: { icon: SunMoon, label: 'Colours: as the system. Change to light' },
  light: { icon: Sun, label: 'Colours: light. Change to dark' },
  dark: { icon: Moon, label: 'Colours: dark. Change to the system’s' },
} as const

export function ThemeSwitch() {
  const [theme, setTheme] = useState(currentTheme)
  const { icon: Icon, label } = faces[theme]
  const turn = () => {
    const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'system'
    showTheme(next)
    setTheme(next)
  }
  return <IconButton label={label} icon={<Icon size={18} aria-hidden />} onClick={turn} />
}
