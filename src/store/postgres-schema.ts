// Which schema of a PostgreSQL database has Latchkey's tables, and how statements come to name it.
import {
  IdentifierNode,
  type KyselyPlugin,
  OperationNodeTransformer,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
  type QueryResult,
  type RootOperationNode,
  SchemableIdentifierNode,
  type UnknownRow,
} from 'kysely'
import { LatchkeyError } from '../core/errors.ts'
import type { PostgresClient } from './postgres-connection.ts'
import { type TableName, tableNames, tableSigns } from './tables.ts'

/** Where the tables of a new database go. */
const defaultSchema = 'latchkey'

/** What was found under a schema's name. */
interface FoundSchema {
  schema: string
  /** Whether the tables there are those of a Latchkey. */
  ours: boolean
  /** The names of our tables that something there has. */
  taken: string[]
}

/**
 * Finds the schema to work in: the given one, else `latchkey`, else the one in which version 0.1.0 made its
 * tables, if it did. Throws `invalid_input` if another program's tables stand in the way.
 */
export async function resolveSchema(client: PostgresClient, given: string | undefined): Promise<string> {
  const rows = await findTables(client, given)
  const found = (name: string) => rows.find(({ schema }) => schema === name)
  const wanted = given ?? defaultSchema
  if (found(wanted)?.ours) return wanted
  const older = rows.find(({ ours }) => ours)
  if (given === undefined && older) return older.schema
  const [foreign] = found(wanted)?.taken ?? []
  if (foreign === undefined) return wanted
  throw new LatchkeyError(
    'invalid_input',
    `The schema ${wanted} of the database has a table ${foreign} of another program. Name another schema for Latchkey with ?schema=<name> at the end of the URL.`,
  )
}

/** Tells whether a Latchkey has tables in the given schema, or else in any that it would look for them in. */
export async function hasTables(client: PostgresClient, given: string | undefined): Promise<boolean> {
  return (await findTables(client, given)).some(({ ours }) => ours)
}

async function findTables(client: PostgresClient, given: string | undefined): Promise<FoundSchema[]> {
  const schemas = given === undefined ? null : [given]
  return (await client.query<FoundSchema>(findSchemas, [schemas, defaultSchema, tableNames])).rows
}

const signs = tableSigns.map(([table, column]) => `('${table}', '${column}')`).join(', ')

const findSchemas = `with signs (relation, attribute) as (values ${signs})
  select pg_namespace.nspname as schema,
    (select count(*) from signs) = (select count(*) from signs
      join pg_class on pg_class.relname = signs.relation and pg_class.relnamespace = pg_namespace.oid
      join pg_attribute on attrelid = pg_class.oid and attname = signs.attribute and not attisdropped) as ours,
    array(select relname::text from pg_class where relnamespace = pg_namespace.oid and relname = any($3::text[]) order by 1) as taken
  from pg_namespace
  where nspname = any(coalesce($1::text[], array_append(current_schemas(false)::text[], $2::text)))
  order by array_position(current_schemas(false)::text[], nspname::text)`

/** The start of a table's name in SQL that is written by hand. */
export function schemaPrefix(schema: string): string {
  return `"${schema}".`
}

/** Names the schema before each of our tables, also in raw SQL that names a table by `sql.table`. */
export class SchemaPlugin implements KyselyPlugin {
  readonly #transformer: SchemaTransformer

  constructor(schema: string) {
    this.#transformer = new SchemaTransformer(schema)
  }

  transformQuery({ node, queryId }: PluginTransformQueryArgs): RootOperationNode {
    return this.#transformer.transformNode(node, queryId)
  }

  async transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    return result
  }
}

class SchemaTransformer extends OperationNodeTransformer {
  readonly #schema: IdentifierNode
  readonly #tables: ReadonlySet<string> = new Set<TableName>(tableNames)

  constructor(schema: string) {
    super()
    this.#schema = IdentifierNode.create(schema)
  }

  protected override transformSchemableIdentifier(
    node: SchemableIdentifierNode,
    queryId?: Parameters<OperationNodeTransformer['transformNode']>[1],
  ): SchemableIdentifierNode {
    const transformed = super.transformSchemableIdentifier(node, queryId)
    if (transformed.schema || !this.#tables.has(node.identifier.name)) return transformed
    return { ...SchemableIdentifierNode.createWithSchema(this.#schema.name, node.identifier.name) }
  }
}
