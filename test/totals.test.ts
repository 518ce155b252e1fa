// Continuous integration cannot pass by accident: what its totals say, and how they exit.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { repository } from './setup/documents-run.ts'

function totals(report: string): { line: string; status: number | null } {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-totals-'))
  const path = join(folder, 'report.json')
  if (report !== '') writeFileSync(path, report)
  const { stdout, status } = spawnSync(process.execPath, [join(repository, '.ci/totals.mjs'), path], {
    encoding: 'utf8',
  })
  rmSync(folder, { recursive: true })
  return { line: stdout.trim(), status }
}

function report(success: boolean, ...files: string[][]): string {
  const testResults = files.map((statuses) => ({
    status: statuses.includes('failed') || statuses.length === 0 ? 'failed' : 'passed',
    assertionResults: statuses.map((status) => ({ status })),
  }))
  return JSON.stringify({ success, testResults })
}

test.each([
  ['all passed', report(true, ['passed', 'passed'], ['passed']), '3 passed, 0 failed', 0],
  ['one failed', report(false, ['passed', 'failed'], ['passed']), '2 passed, 1 failed', 1],
  ['one was skipped', report(true, ['passed', 'pending']), '1 passed, 0 failed, 1 skipped', 1],
  ['a file could not be loaded', report(false, ['passed'], []), '1 passed, 1 failed', 1],
  ['something broke outside of the tests', report(false, ['passed']), '1 passed, 1 failed', 1],
  ['nothing ran', report(true), '0 passed, 0 failed', 1],
  ['the report is cut off', '{"testResults":', '0 passed, 1 failed', 1],
  ['there is no report', '', '0 passed, 1 failed', 1],
])('where %s, the totals say so', (_, text, line, status) => {
  expect(totals(text)).toEqual({ line, status })
})
