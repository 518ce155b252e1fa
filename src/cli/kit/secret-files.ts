// Secrets in files, as containers are given them: the variable `<name>_FILE` names a file with the value of `<name>`.
import { readFileSync } from 'node:fs'
import { refuse } from '../../core/given-settings.ts'
import { secretVariables } from '../../core/variables.ts'

/**
 * Sets each variable that has a file to what the file holds, whatever it was before. Throws `invalid_input` if one cannot
 * be read: going on without it would choose another database, or seal nothing.
 */
export function readSecretFiles(env: Record<string, string | undefined>): void {
  for (const name of secretVariables) {
    const variable = `${name}_FILE`
    const path = env[variable]?.trim()
    // Processes that this one starts get the value, and need not read it again.
    delete env[variable]
    if (path) env[name] = readSecret(variable, path)
  }
}

function readSecret(variable: string, path: string): string {
  const text = read(variable, path).trim()
  return text === '' ? refuse(`${variable}: ${path} is empty.`) : text
}

function read(variable: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const user = process.getuid?.() ?? 'of this process'
    return refuse(
      `${variable}: Cannot read ${path}: ${code === 'EACCES' ? `user ${user} may not read it` : code}.`,
    )
  }
}
