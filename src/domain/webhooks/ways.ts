// The two ways out of this process: to the operator's receivers, and to everybody else's.
import { lookup } from 'node:dns/promises'
import { networkInterfaces } from 'node:os'
import type { WebhookSettings } from '../../core/webhook-settings.ts'
import type { AddressPolicy } from '../../egress/addresses.ts'
import { Egress } from '../../egress/requests.ts'
import { isPostgresUrl, parsePostgresUrl } from '../../store/postgres-url.ts'

/** For so long it is believed where the database is: a failover may move it. */
const believedMs = 60_000

/** Both ways; they share no connection. */
export class WebhookWays {
  readonly ofRoot: Egress
  readonly ofOthers: Egress

  /** `databaseHosts` are not reached, and neither is this machine, whatever addresses they have. */
  constructor({ networks, nameServers, proxy }: WebhookSettings, databaseHosts: readonly string[]) {
    const forbidden = new Forbidden(databaseHosts)
    const way = (allowed: readonly string[]) =>
      new Egress({
        policy: async (): Promise<AddressPolicy> => ({ allowed, forbidden: await forbidden.addresses() }),
        names: { servers: nameServers },
        proxy,
      })
    this.ofRoot = way(networks)
    this.ofOthers = way([])
  }

  close(): void {
    this.ofRoot.close()
    this.ofOthers.close()
  }
}

/** The addresses of this machine and of the database. */
class Forbidden {
  readonly #hosts: readonly string[]
  #found: Promise<string[]> | undefined
  #foundAt = 0

  constructor(hosts: readonly string[]) {
    this.#hosts = hosts.filter((host) => !host.startsWith('/'))
  }

  async addresses(): Promise<string[]> {
    const now = performance.now()
    if (this.#found === undefined || now - this.#foundAt > believedMs) {
      this.#foundAt = now
      this.#found = this.#find()
    }
    return this.#found
  }

  async #find(): Promise<string[]> {
    const own = Object.values(networkInterfaces()).flatMap((list) =>
      (list ?? []).map(({ address }) => address),
    )
    // As the database's own driver finds them, in the file of hosts too.
    const found = await Promise.allSettled(this.#hosts.map((host) => lookup(host, { all: true })))
    const ofDatabase = found.flatMap((one) =>
      one.status === 'fulfilled' ? one.value.map(({ address }) => address) : [],
    )
    return [...own, ...ofDatabase]
  }
}

/** The hosts of a database that others must not be led to: none of a file. */
export function databaseHostsOf(
  database: string,
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  if (!isPostgresUrl(database)) return []
  return parsePostgresUrl(database, environment).hosts.map(({ host }) => host)
}
