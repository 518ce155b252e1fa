// A database server of the model in `lease-model.ts`: what lies in it, and whether another has taken over.
import type { StoredSecret } from '../../src/core/stored-secret.ts'

const keptChanges = 6

/** A server and what lies in its database. Once deposed it goes on answering, and acknowledges nothing any more. */
export class Server {
  readonly identity: string
  isDeposed = false
  last = 0
  readonly changes: { sequence: number; keyId: string | null; mark: string }[] = []
  readonly followers = new Map<string, number>()
  readonly rows = new Map<string, StoredSecret>()

  constructor(identity: string, like?: Server) {
    this.identity = identity
    if (!like) return
    this.last = like.last
    this.changes = [...like.changes]
    this.followers = new Map(like.followers)
    this.rows = new Map(like.rows)
  }

  recordChange(keyId: string | null): number {
    this.last++
    this.changes.push({ sequence: this.last, keyId, mark: `${this.identity}:${this.last}` })
    if (this.changes.length > keptChanges) this.changes.shift()
    return this.last
  }
}
