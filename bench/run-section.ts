// Runs one section in a process of its own, and sends what it found to the process that started it: `node
// run-section.ts <name> <settings as JSON>`.
import { sections } from './sections/sections.ts'

const [name = '', settings = ''] = process.argv.slice(2)
const findings = await sections[name]?.(JSON.parse(settings))
process.send?.(findings, () => process.exit())
