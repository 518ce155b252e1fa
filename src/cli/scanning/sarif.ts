// Writes what a scan found as SARIF 2.1.0 (OASIS), which code hosts show beside the code.
import { packageVersion } from '../../server/version.ts'
import type { ToldLeak, ToldScan } from './known.ts'

const rule = 'latchkey-token'

/** The log of one run. */
export function toSarif({ leaks, unread }: ToldScan): object {
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'latchkey',
            version: packageVersion(),
            informationUri: 'https://github.com/latchkey-dev/latchkey',
            rules: [
              {
                id: rule,
                shortDescription: { text: 'A token of Latchkey' },
                help: { text: 'Revoke or rotate the key, and take the token out.' },
                defaultConfiguration: { level: 'error' },
              },
            ],
          },
        },
        columnKind: 'utf16CodeUnits',
        invocations: [
          {
            executionSuccessful: unread.length === 0,
            toolExecutionNotifications: unread.map(({ path, reason }) => ({
              level: 'warning',
              message: { text: `${path}: ${reason}` },
            })),
          },
        ],
        results: leaks.map(toResult),
      },
    ],
  }
}

function toResult({ path, commit, line, column, kid, hint, status, keyId }: ToldLeak): object {
  const where = commit === null ? '' : ` since commit ${commit}`
  const told = status === undefined ? '' : ` It is ${status.replace('_', ' ')}.`
  const properties = {
    ...(commit !== null && { commit }),
    ...(status !== undefined && { status }),
    ...(keyId && { keyId }),
  }
  return {
    ruleId: rule,
    ruleIndex: 0,
    level: 'error',
    message: { text: `The token ${hint} stands here${where}.${told}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: path.split('/').map(encodeURIComponent).join('/') },
          region: { startLine: line, startColumn: column },
        },
      },
    ],
    partialFingerprints: { 'kid/v1': kid },
    ...(Object.keys(properties).length > 0 && { properties }),
  }
}
