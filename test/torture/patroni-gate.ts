// TCP gates of the Patroni torture: a road that can be cut without a word, and a balancer that leaves old
// connections where they are.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Gate {
  port: number
  /** From now on no byte passes, and no connection ends, as if a cable were pulled. */
  cut(): void
  /** Bytes pass again, on new connections; those that were cut end. */
  mend(): void
  close(): void
}

/** Opens a gate to a port of this machine; where new connections lead is asked for each, undefined for nowhere. */
export async function openGate(target: () => number | undefined): Promise<Gate> {
  const pairs = new Set<Socket[]>()
  let isCut = false
  const server = createServer((client) => {
    const port = target()
    if (port === undefined) return client.destroy()
    const pair: Socket[] = [client]
    pairs.add(pair)
    const end = () => {
      // A cut road brings no word of either end.
      if (isCut) return
      pairs.delete(pair)
      for (const socket of pair) socket.destroy()
    }
    client.setNoDelay(true).on('error', end).on('close', end)
    if (isCut) return client.pause()
    const other = connect(port, '127.0.0.1').setNoDelay(true).on('error', end).on('close', end)
    pair.push(other)
    const pass = (to: Socket) => (bytes: Buffer) => isCut || to.destroyed || to.write(bytes)
    client.on('data', pass(other))
    other.on('data', pass(client))
    return undefined
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const endAll = () => {
    for (const pair of pairs) for (const socket of pair) socket.destroy()
    pairs.clear()
  }
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => {
      isCut = true
    },
    mend: () => {
      isCut = false
      endAll()
    },
    close: () => {
      server.close()
      endAll()
    },
  }
}
