// A name server that answers as a test says, over UDP (RFC 1035): nothing, or with other addresses each time.
import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import ipaddr from 'ipaddr.js'
import { onTestFinished } from 'vitest'

/** The addresses of a name; undefined if there is no such name, `silence` for no answer. */
type Zone = (name: string, family: 4 | 6) => readonly string[] | undefined | 'silence'

const typeA = 1
const typeAaaa = 28
const noSuchName = 3

/** Starts one; returns its address, and the questions that came. */
export async function startNameServer(zone: Zone): Promise<{ server: string; asked: string[] }> {
  const socket = createSocket('udp4')
  const asked: string[] = []
  socket.on('message', (question: Buffer, { port, address }: RemoteInfo) => {
    const { name, type, end } = readQuestion(question)
    asked.push(name)
    const family = type === typeA ? 4 : type === typeAaaa ? 6 : undefined
    const found = family === undefined ? [] : zone(name, family)
    if (found === 'silence') return
    socket.send(writeAnswer(question.subarray(0, end), type, found), port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  onTestFinished(() => new Promise<void>((resolve) => socket.close(() => resolve())))
  return { server: `127.0.0.1:${socket.address().port}`, asked }
}

function readQuestion(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length))
    at += length + 1
  }
  return { name: labels.join('.').toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 }
}

function writeAnswer(question: Buffer, type: number, found: readonly string[] | undefined): Buffer {
  const head = Buffer.from(question)
  // An answer, of a server that may be asked to go on asking.
  head.writeUInt16BE(0x8180 | (found === undefined ? noSuchName : 0), 2)
  head.writeUInt16BE(found?.length ?? 0, 6)
  head.writeUInt32BE(0, 8)
  const records = (found ?? []).map((address) => {
    const bytes = Buffer.from(ipaddr.parse(address).toByteArray())
    const record = Buffer.alloc(12)
    // The name is that of the question.
    record.writeUInt16BE(0xc00c, 0)
    record.writeUInt16BE(type, 2)
    record.writeUInt16BE(1, 4)
    record.writeUInt16BE(bytes.length, 10)
    return Buffer.concat([record, bytes])
  })
  return Buffer.concat([head, ...records])
}
