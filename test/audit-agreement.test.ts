// Whoever verifies a log comes to the same: `audit verify`, and the program in `examples` that knows nothing of Latchkey.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { verify } from '../src/cli/commands/audit-files.ts'
import { checkpointText } from '../src/transparency/checkpoint.ts'
import { commitmentTo } from '../src/transparency/leaf.ts'
import { endOfLog, headOfLog, lineOfLog } from '../src/transparency/log-file.ts'
import { GrowingTree, leafHash } from '../src/transparency/merkle.ts'
import { newSignerSeed, signerOf, signNote, verifierKeyOf } from '../src/transparency/signed-note.ts'
import { repository } from './setup/documents-run.ts'

const checker = join(repository, 'examples/verify-log/verify.py')
const origin = 'latchkey/1/2/acme'
const salt = 'A'.repeat(22)
const [own, other] = [0, 1].map(() => signerOf('latchkey/1', newSignerSeed())) as [Signer, Signer]
type Signer = ReturnType<typeof signerOf>

/** An event, or one of which only the hash is left. */
function lineOf(sequence: number, action = 'key.created', details = '{"changes":{}}', isCut = false): string {
  const sealed = { v: 1, id: `${sequence}`, action, organization_id: 'acme', origin: null }
  const leaf = JSON.stringify({ ...sealed, details: commitmentTo(salt, details) })
  const nothing = { detailsSalt: null, details: null, originSalt: null, origin: null }
  const hash = leafHash(leaf).toString('base64')
  if (isCut) return lineOfLog({ sequence, hash, leaf: null, ...nothing })
  return lineOfLog({ sequence, hash, leaf, ...nothing, detailsSalt: salt, details })
}

/** The checkpoint of some lines. */
function noteOf(lines: readonly string[], signers: readonly Signer[] = [own], of = origin): string {
  const tree = new GrowingTree()
  for (const line of lines) tree.append(Buffer.from(line.split('\t')[1] as string, 'base64'))
  return signNote(checkpointText({ origin: of, size: tree.size, root: tree.root }), signers)
}

function logOf(lines: readonly string[], note = noteOf(lines), of = origin): string {
  return headOfLog(of) + lines.join('') + endOfLog(note)
}

test('a log is whole for both, or for none of them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-agreement-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const write = (name: string, content: string | Uint8Array) => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  /** What both say, and with what they end. */
  const bothOf = async (text: string | Uint8Array, kept: string[], key: string[]) => {
    const file = write('one.log', text)
    const checkpoint = kept.map((note, i) => write(`${i}.txt`, note))
    const keys = key.flatMap((one) => ['--key', one])
    const { status, stderr } = spawnSync('python3', [checker, file, ...checkpoint, ...keys], {
      encoding: 'utf8',
    })
    const verified = await verify({ file }, { checkpoint, ...(key.length > 0 && { key }) })
    return ['fault' in verified ? 1 : 0, stderr === '' ? status : stderr]
  }
  const [key, otherKey] = [verifierKeyOf(own), verifierKeyOf(other)]
  const lines = [lineOf(1), lineOf(2), lineOf(3)]
  const [whole, note, empty] = [logOf(lines), noteOf(lines), noteOf([])]
  const cut = [lineOf(1, undefined, undefined, true), lineOf(2)]
  const told = cut.map((line, i) => (i === 0 ? line.replace(/\t\t\t\t\n$/, `\t${salt}\ttold\t\t\n`) : line))
  const short = [lineOf(1).replace(/^1\t\S+.*/, `1\t${Buffer.alloc(31).toString('base64')}\t\t\t\t\t`)]
  const erasing = (details: string) => [lineOf(1), lineOf(2, 'log.erased', details)]
  const foreign = noteOf([], [other], 'latchkey/1/0/acme')
  // Of the last character of 32 bytes in base64, two bits mean nothing.
  const another = (text: string) => text.replace(/(\S)=\n\n/, (_, last) => `${after(last)}=\n\n`)
  const garbled = note + wrongOf(noteOf(lines, [other]))
  const cases: Record<string, [0 | 1, string | Uint8Array, string[]?, string[]?]> = {
    'what was sealed': [0, whole, [note, empty], [key]],
    'nothing at all': [0, logOf([]), [empty]],
    'what was cut': [0, logOf(cut)],
    'texts beside a hash': [1, logOf(told, noteOf(cut))],
    'a hash that is too short': [1, logOf(short)],
    'a kept checkpoint of nothing that is of something': [1, whole, [note.replace('\n3\n', '\n0\n')]],
    'two forms of a size': [1, whole, [note.replace('\n3\n', '\n03\n')]],
    'two forms of a root': [1, whole, [another(note)]],
    'a longer checkpoint': [1, logOf(lines.slice(0, 2)), [note]],
    'a note that breaks off': [1, whole.slice(0, -5)],
    'a note without a signature': [0, logOf(lines, noteOf(lines, []))],
    'a note without the signature that is asked for': [1, logOf(lines, noteOf(lines, [])), [], [key]],
    'one of two signatures': [0, logOf(lines, noteOf(lines, [other, own])), [], [key]],
    'a signature that is wrong beside one that is right': [0, logOf(lines, garbled), [], [otherKey, key]],
    'two signatures of one key, and one is wrong': [1, logOf(lines, note + wrongOf(note)), [], [key]],
    'two files of a log': [0, whole, [note, noteOf(lines.slice(0, 1))], [key]],
    'a file of another log alone': [1, whole, [foreign]],
    'a note of another log, in a file': [0, whole, [foreign + note]],
    'a note of another log that nobody has signed who is known': [1, whole, [foreign + note], [key]],
    'an erasure of nothing': [0, logOf(erasing('{"changes":{"event_ids":[]}}'))],
    'an erasure that says nothing': [1, logOf(erasing('{"changes":{}}'))],
    'an erasure of no list': [1, logOf(erasing('{"changes":{"event_ids":"1"}}'))],
    'an erasure that is no JSON': [1, logOf(erasing('{'))],
    'a log without a name': [1, logOf([], noteOf([], [], ' '), '')],
    'a log of two names': [1, logOf([], noteOf([], [], 'a\tb'), 'a\tb')],
    'bytes that are no text': [1, Buffer.concat([Buffer.from(whole), Buffer.of(0xff)])],
  }
  const found: Record<string, unknown> = {}
  for (const [name, [, text, kept = [], keys = []]] of Object.entries(cases))
    found[name] = await bothOf(text, kept, keys)
  expect(found).toEqual(Object.fromEntries(Object.entries(cases).map(([name, [is]]) => [name, [is, is]])))
  // A key that somebody could not read is not none.
  const { status } = spawnSync('python3', [checker, write('one.log', whole), '--key', ''])
  expect(status).toBe(1)
}, 120_000)

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

function after(character: string): string {
  return alphabet[alphabet.indexOf(character) + 1] as string
}

/** The line of a signature that is not even the form of one. */
function wrongOf(note: string): string {
  const [, start = '', encoded = ''] = /(\u2014 \S+ )(\S+)\n$/.exec(note) ?? []
  const bytes = Buffer.from(encoded, 'base64')
  bytes.fill(0xff, 4, 36)
  return `${start}${bytes.toString('base64')}\n`
}
