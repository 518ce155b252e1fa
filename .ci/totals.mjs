// Prints the totals of a vitest JSON report as one line, `N passed, N failed`; exits 1 unless all ran and passed.
import { readFileSync } from 'node:fs'

const path = process.argv[2]
const { passed, failed, skipped } = count(read(path))
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
// Nothing may be skipped here, where everything that a test needs has been installed.
process.exitCode = failed > 0 || skipped > 0 || passed === 0 ? 1 : 0

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    console.error(`No report of the tests: ${error.message}`)
    return { testResults: [], success: false }
  }
}

function count(report) {
  const results = report.testResults.flatMap((file) => file.assertionResults.map((test) => test.status))
  const passed = results.filter((status) => status === 'passed').length
  const failed = results.filter((status) => status === 'failed').length
  // A file that could not be loaded has no test to count, and a run that broke off none at all.
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length
  const failures = failed + brokenFiles
  return {
    passed,
    failed: failures === 0 && !report.success ? 1 : failures,
    skipped: results.length - passed - failed,
  }
}
