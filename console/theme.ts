// Dark or light: as the reader's system has it, unless the reader says otherwise.

export const themes = ['system', 'light', 'dark'] as const
type Theme = (typeof themes)[number]

const storedAs = 'latchkey-theme'

export function currentTheme(): Theme {
  const stored = localStorage.getItem(storedAs)
  return themes.find((theme) => theme === stored) ?? 'system'
}

/** Shows a theme, and keeps it for the next visit. */
export function showTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
  localStorage.setItem(storedAs, theme)
}
