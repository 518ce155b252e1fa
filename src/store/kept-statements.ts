// Statements that come with every change, the same each time but for their values. Each is built once for a database. On
// PostgreSQL it gets a name by that, under which each connection prepares it once: to parse and to plan those of one change
// takes several times as long as to run them.
import type { CompiledQuery, QueryResult } from 'kysely'
import type { Db } from './tables.ts'

/** A statement that a connection may prepare under a name. */
export interface KeptQuery extends CompiledQuery {
  readonly preparedAs: string
}

/** What Kysely builds, by a builder or from SQL. */
interface Built<Row> {
  compile(db: Db): CompiledQuery<Row>
}

/** Stands in a statement that is built for a value that it is given each time. */
class Placeholder {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

/**
 * Keeps a statement. `build` gets of each value what stands for it, not the value itself, so nothing may be read from that. Where more
 * than values differ, that is its form: `nameOf` gives each form a text of its own. There must be few, since a connection keeps what it
 * prepares. A build that takes a transaction is of a statement that writes. A statement names the columns that it returns: once a newer
 * program has added one, a server refuses a prepared `*`.
 */
export function keep<Given extends object, Row, Form = void, On extends Db = Db>(
  build: (db: On, given: Given, form: Form) => Built<Row>,
  nameOf: (form: Form) => string = () => '',
): (db: On, values: Given, form: Form) => Promise<QueryResult<Row>> {
  const ofDatabase = new WeakMap<object, Map<string, KeptQuery>>()
  return (db, values, form) => {
    // It is one and the same in all transactions on a database.
    const { adapter } = db.getExecutor()
    const kept = ofDatabase.get(adapter) ?? new Map<string, KeptQuery>()
    ofDatabase.set(adapter, kept)
    const name = nameOf(form)
    const query = kept.get(name) ?? prepare(build(db, placeholders as Given, form).compile(db))
    kept.set(name, query)
    const parameters = query.parameters.map((parameter) =>
      parameter instanceof Placeholder ? values[parameter.name as keyof Given] : parameter,
    )
    return db.executeQuery<Row>({ ...query, parameters } as CompiledQuery<Row>)
  }
}

const placeholders = new Proxy({}, { get: (_, name) => new Placeholder(String(name)) })
let prepared = 0

function prepare(query: CompiledQuery): KeptQuery {
  if (/(?:select|returning|,)\s+(?:"?\w+"?\.)*\*/.test(query.sql))
    throw new TypeError('A statement that is kept must name its columns.')
  prepared++
  return { ...query, preparedAs: `kept ${prepared}` }
}
