// The reads that verification lives on, of facts and of changes: on a connection of their own, sent without
// waiting for one another, and believed only from a server that is the primary still.
//
// A primary that was paused, or cut off, while another took its place does not know that, and answers as ever. If
// it replicates synchronously it gives itself away: it gets no commit acknowledged any more. So every reading is
// accompanied by a proof, a commit of a few bytes that began at most `proofEveryMs` before.
import pg from 'pg'
import type { StoredSecret } from '../core/stored-secret.ts'
import { type ChangeRow, changesQuery, type Look } from './changes.ts'
import { factsQuery, manyFactsQuery } from './facts.ts'
import {
  endClient,
  isPoolerFault,
  type PostgresClient,
  type PostgresConnector,
  plansLastMs,
  UnfitServerError,
} from './postgres-connection.ts'
import { type ConnectionPool, isScarcity, type LentClient } from './postgres-pool.ts'
import { schemaPrefix } from './postgres-schema.ts'

const timeoutMs = 800
const betweenAttemptsMs = 100
/** How long reads share the connections of changes once the server had none left for them. */
const sharingMs = 5_000
/** Reads within this time share a proof. */
const proofEveryMs = 150

const unproven = 'The server did not prove that it is the primary.'

/** A commit that waits for the standbys, or nothing if the server waits for none. */
const proofExpression = `case when not pg_is_in_recovery() and current_setting('synchronous_standby_names') <> ''
  and current_setting('synchronous_commit') not in ('off', 'local')
  then pg_logical_emit_message(true, 'latchkey', '')::text end`

interface Statement {
  name: string
  text: string
}

interface Proof {
  begunAt: number
  done: Promise<unknown>
}

/** The statement of one secret as a connection has it, and since when. */
interface Kept {
  statement: Statement
  preparedAt: number
}

/** What a look tells of the server beside the changes. */
interface ServerRow {
  read_only: boolean
}

export class PostgresReader {
  readonly #connector: PostgresConnector
  readonly #pool: ConnectionPool
  readonly #statements: ReturnType<typeof makeStatements>
  #connecting: Promise<PostgresClient> | undefined
  #sharingUntil = Number.NEGATIVE_INFINITY
  readonly #proofs = new WeakMap<PostgresClient, Proof>()
  readonly #kept = new WeakMap<PostgresClient, Kept>()
  #renewals = 0
  /** Whether the server lets this role prove anything; hosted ones may not. */
  #canProve = true
  /** Whether it tells its whole identity to this role. */
  #tellsAll = true

  /** The pool is where it borrows a connection if the server has none left for it. */
  constructor(connector: PostgresConnector, pool: ConnectionPool, schema: string) {
    this.#connector = connector
    this.#pool = pool
    this.#statements = makeStatements(schema)
  }

  /** Reads the facts of many secrets. */
  async findManyFacts(kids: readonly string[]): Promise<StoredSecret[]> {
    // Kids are letters and digits: a list of them needs no quotes.
    const values = [`{${kids.join(',')}}`]
    if (!this.#connector.pooled)
      return this.#read((client) =>
        kids.length === 1
          ? this.#query<StoredSecret>(client, this.#statementOfOne(client), [...kids])
          : this.#query<StoredSecret>(client, this.#statements.facts, values),
      )
    const rows = await this.#read((client) =>
      this.#query<StoredSecret & { in_recovery: boolean }>(
        client,
        this.#pooled(this.#statements.pooledFacts),
        values,
      ),
    )
    if (rows[0]?.in_recovery !== false)
      throw new UnfitServerError('A standby answered, whose data may be behind.')
    return rows.filter(({ kid }) => kid !== null)
  }

  /** Looks for changes. Throws if the server is a standby or takes no writes. */
  async readChanges(since: number, follower: string): Promise<Look> {
    const begunAt = performance.now()
    let provenAt = begunAt
    const values = [since, follower]
    const rows = await this.#read(async (client) => {
      const answer = this.#look(client, values)
      if (!this.#connector.pooled) provenAt = Math.min(begunAt, this.#prove(client).begunAt)
      return answer
    })
    const server = rows[0]
    if (server === undefined || server.read_only) {
      throw new UnfitServerError('The server accepts no writes: it is a standby, or set to read-only.')
    }
    return {
      rows: rows.filter(({ last }) => last !== null),
      provenMsAgo: begunAt - provenAt,
    }
  }

  async close(): Promise<void> {
    const client = await this.#connecting?.catch(() => undefined)
    this.#connecting = undefined
    if (client) await client.end()
  }

  async #look(client: PostgresClient, values: unknown[]): Promise<(ServerRow & ChangeRow)[]> {
    const { looks, shortLooks } = this.#statements
    if (this.#tellsAll) {
      try {
        return await this.#query(client, this.#pooled(looks), values)
      } catch (error) {
        if (!(error instanceof pg.DatabaseError) || isPoolerFault(error)) throw error
      }
    }
    // A hosted server may keep some of its identity to itself.
    const rows = await this.#query<ServerRow & ChangeRow>(client, this.#pooled(shortLooks), values)
    if (rows[0]?.read_only === false) this.#tellsAll = false
    return rows
  }

  /**
   * The read of one secret, for which the server keeps a plan, unlike for a list of unknown length: to plan takes it many times as
   * long as to read. Every while it is prepared anew, under another name, since reads by the one before may be on their way.
   */
  #statementOfOne(client: PostgresClient): Statement {
    const now = performance.now()
    const kept = this.#kept.get(client)
    if (kept && now - kept.preparedAt < plansLastMs) return kept.statement
    if (kept) this.#forgetStatement(client, kept.statement)
    const { name, text } = this.#statements.factsOfOne
    const statement = { name: `${name} ${++this.#renewals}`, text }
    this.#kept.set(client, { statement, preparedAt: now })
    return statement
  }

  /** The server takes it after what was sent before. */
  #forgetStatement(client: PostgresClient, { name }: Statement): void {
    const query = { text: `deallocate "${name}"`, query_timeout: timeoutMs }
    client.query(query).catch((error) => {
      // One that is borrowed may have been told to forget it before.
      if (!(error instanceof pg.DatabaseError)) client.isBroken = true
    })
    delete (client.connection as unknown as { parsedStatements: Record<string, string> }).parsedStatements[
      name
    ]
  }

  /** Runs a read together with the proof that its server is primary still. */
  async #read<T>(work: (client: PostgresClient) => Promise<T>): Promise<T> {
    return this.#withClient(async (client) => {
      if (this.#connector.pooled) return this.#readProven(client, work)
      const answer = work(client)
      answer.catch(() => {})
      await this.#prove(client).done
      return answer
    })
  }

  /** Through a pooler each transaction may be on another server: a reading and its proof are one. */
  async #readProven<T>(client: PostgresClient, work: (client: PostgresClient) => Promise<T>): Promise<T> {
    const before = client.warnings
    try {
      const answer = await work(client)
      if (client.warnings !== before) throw new Error(unproven)
      return answer
    } catch (error) {
      if (!this.#canProve || !isForbidden(error)) throw error
      this.#canProve = false
      return work(client)
    }
  }

  /** The proof under way or done a moment ago, or else a new one. */
  #prove(client: PostgresClient): Proof {
    const now = performance.now()
    const last = this.#proofs.get(client)
    if (last && now - last.begunAt < proofEveryMs) return last
    const proof = { begunAt: now, done: this.#sendProof(client) }
    proof.done.catch(() => {})
    this.#proofs.set(client, proof)
    return proof
  }

  async #sendProof(client: PostgresClient): Promise<void> {
    if (!this.#canProve) return
    const before = client.warnings
    try {
      await this.#query(client, this.#statements.proof, [])
    } catch (error) {
      if (!isForbidden(error)) throw error
      this.#canProve = false
    }
    // A wait for the standbys that was cancelled commits all the same, and says so in a notice.
    if (client.warnings !== before) throw new Error(unproven)
  }

  #pooled([direct, pooled]: readonly [Statement, Statement]): Statement {
    return this.#connector.pooled && this.#canProve ? pooled : direct
  }

  async #query<Row extends pg.QueryResultRow>(
    client: PostgresClient,
    { name, text }: Statement,
    values: unknown[],
  ): Promise<Row[]> {
    const query = { ...(!this.#connector.pooled && { name }), text, values, query_timeout: timeoutMs }
    const { rows } = await client.query<Row>(query)
    return rows
  }

  async #withClient<T>(work: (client: PostgresClient) => Promise<T>): Promise<T> {
    const { client, release } = await this.#take()
    try {
      return await work(client)
    } catch (error) {
      if (isPoolerFault(error)) {
        this.#connector.notePooler()
        client.isBroken = true
        return await this.#withClient(work)
      }
      if (!(error instanceof pg.DatabaseError) || isFatal(error)) client.isBroken = true
      throw error
    } finally {
      release()
    }
  }

  /** The reader's own connection; one that is borrowed while the server has none left for it. */
  async #take(): Promise<LentClient> {
    if (performance.now() < this.#sharingUntil) return this.#pool.acquire()
    this.#connecting ??= this.#connect()
    const connection = this.#connecting
    try {
      const client = await connection
      if (client.isBroken || client.generation !== this.#connector.generation) {
        this.#forget(connection, client)
        return await this.#take()
      }
      return {
        client,
        connector: this.#connector,
        release: () => client.isBroken && this.#forget(connection, client),
      }
    } catch (error) {
      if (!isScarcity(error)) throw error
      this.#sharingUntil = performance.now() + sharingMs
      this.#pool.onScarcity()
      return this.#pool.acquire()
    }
  }

  #connect(): Promise<PostgresClient> {
    const connection = this.#connector.connect({ purpose: 'verify', timeoutMs, queryTimeoutMs: timeoutMs })
    // Askers meanwhile share the failure: a database that is away is not to be stormed.
    connection.catch(() => setTimeout(() => this.#forget(connection), betweenAttemptsMs).unref())
    return connection
  }

  #forget(connection: Promise<PostgresClient>, client?: PostgresClient): void {
    if (this.#connecting !== connection) return
    this.#connecting = undefined
    if (!client) return
    if (client.isBroken) this.#connector.suspect(client)
    endClient(client)
  }
}

/** Whether the connection is of no more use after what the server said: it ends, or its statements are outdated. */
function isFatal({ severity, code }: pg.DatabaseError): boolean {
  return severity === 'FATAL' || code === '0A000'
}

function isForbidden(error: unknown): boolean {
  return ['42501', '42883', '0A000'].includes((error as pg.DatabaseError).code ?? '')
}

function makeStatements(schema: string) {
  const prefix = schemaPrefix(schema)
  const changes = `${prefix}changes`
  const ofThisDatabase = `extract(epoch from pg_postmaster_start_time()),
    (select oid from pg_database where datname = current_database()), to_regclass('${changes}')::oid, pg_relation_filenode(to_regclass('${changes}'))`
  const identity = `concat_ws(' ', (pg_control_system()).system_identifier, substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8), ${ofThisDatabase})`
  const look = (name: string, expression: string): [Statement, Statement] => {
    const text = (
      proof: string,
    ) => `with server as materialized (select current_setting('transaction_read_only') = 'on' as read_only${proof})
      select server.read_only, look.* from server left join (${changesQuery('$1', '$2', expression, prefix)}) as look on true
      order by look.sequence`
    return [
      { name, text: text('') },
      { name: `${name} proven`, text: text(`, ${proofExpression} as proof`) },
    ]
  }
  const facts = manyFactsQuery('$1', prefix)
  const pooledFacts = (
    proof: string,
  ) => `with server as materialized (select pg_is_in_recovery() as in_recovery${proof})
    select server.in_recovery, found.* from server left join (${facts}) as found on true`
  return {
    proof: { name: 'proof', text: `select ${proofExpression}` },
    facts: { name: 'facts', text: facts },
    factsOfOne: { name: 'facts of one', text: factsQuery('$1', prefix) },
    looks: look('changes', identity),
    shortLooks: look('changes without identity', `concat_ws(' ', ${ofThisDatabase})`),
    pooledFacts: [
      { name: 'pooled facts', text: pooledFacts('') },
      { name: 'pooled facts proven', text: pooledFacts(`, ${proofExpression} as proof`) },
    ] as [Statement, Statement],
  }
}
