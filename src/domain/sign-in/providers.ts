// The providers by which people sign in, as the operator's settings have them.
import { readFileSync } from 'node:fs'
import { LatchkeyError, refuseField } from '../../core/errors.ts'
import { type Environment, pick, refuse } from '../../core/given-settings.ts'
import {
  issuerFault,
  mayActBy,
  onlyProviderId,
  type ProviderOptions,
  type ProviderSettings,
  parseProviders,
  reaches,
} from '../../core/provider-settings.ts'
import type { SignInProvider } from '../../core/shapes/sign-in.ts'
import type { MayAct } from '../../core/sign-in-reach.ts'
import { ProviderClient } from './client.ts'

/** The providers of a deployment: the same in every process. */
export class Providers {
  readonly list: readonly ProviderSettings[]
  /** Whose word lets people act for which organizations. */
  readonly mayAct: MayAct
  readonly #clients = new Map<string, ProviderClient>()

  constructor(list: readonly ProviderSettings[], unlisted: 'serve' | 'refuse') {
    this.list = list
    this.mayAct = mayActBy(list, unlisted)
  }

  /** Reads them: as given, else as LATCHKEY_OIDC_FILE and the like say. Throws `invalid_input`, also for a file that cannot be read. */
  static read(options: ProviderOptions, env: Environment): Providers {
    const { unlistedProviders: unlisted } = options
    if (unlisted !== undefined && unlisted !== 'serve' && unlisted !== 'refuse')
      refuseField('unlistedProviders', 'Must be serve or refuse.')
    const list = readList(options, env)
    return new Providers(list, unlisted ?? (list.length === 0 ? 'serve' : 'refuse'))
  }

  /** Gets a provider. Throws `provider_not_found`. */
  get(id: string): ProviderSettings {
    const found = this.list.find((provider) => provider.id === id)
    if (found === undefined)
      throw new LatchkeyError(
        'provider_not_found',
        'No provider has this id. Check the link by which you came.',
      )
    return found
  }

  /** The client of a provider. */
  clientOf(provider: ProviderSettings): ProviderClient {
    const found =
      this.#clients.get(provider.id) ??
      new ProviderClient(
        provider,
        () => secretOf(provider),
        () => performance.now(),
      )
    this.#clients.set(provider.id, found)
    return found
  }

  /** Throws `invalid_input` for a secret that cannot be read. */
  check(): void {
    for (const provider of this.list) secretOf(provider)
  }

  /**
   * The listed ones, and one that is named, as buttons show them. For an organization they are those that sign people in to it, and those
   * that are not listed but name it are among them: they are its own.
   */
  shown({
    named,
    organizationId,
  }: {
    named?: string | undefined
    organizationId?: string
  } = {}): SignInProvider[] {
    return this.list
      .filter(({ id, listed, organizations }) =>
        organizationId === undefined
          ? listed || id === named
          : organizations.includes(organizationId) || (listed && reaches(organizations, organizationId)),
      )
      .map(({ id, name }) => ({ id, name }))
  }
}

/** The secret of a client, read anew each time, so that a file may change; undefined for a public client. Throws `invalid_input`. */
function secretOf({ id, client_secret_file: path, client_secret: secret }: ProviderSettings) {
  if (path === undefined) return secret
  try {
    const text = readFileSync(path, 'utf8').trim()
    if (text !== '') return text
  } catch (error) {
    throw new LatchkeyError(
      'invalid_input',
      `The secret of the provider ${id} cannot be read from its file.`,
      {
        cause: error,
      },
    )
  }
  return refuse(`The file with the secret of the provider ${id} is empty.`)
}

function readList(options: ProviderOptions, env: Environment): ProviderSettings[] {
  const file = pick('oidcFile', options.oidcFile, 'LATCHKEY_OIDC_FILE', env)
  const one = readOnly(env)
  if (file === undefined) return one === undefined ? [] : [one]
  if (one !== undefined && options.oidcFile === undefined)
    refuse(`${file.from} and LATCHKEY_OIDC_ISSUER exclude each other. Put the provider into the file.`)
  let text: string
  try {
    text = readFileSync(file.value, 'utf8')
  } catch (error) {
    throw new LatchkeyError('invalid_input', `${file.from}: The file cannot be read.`, { cause: error })
  }
  return parseProviders(text, file.from)
}

/** The provider that three variables describe. */
function readOnly(env: Environment): ProviderSettings | undefined {
  const names = ['LATCHKEY_OIDC_ISSUER', 'LATCHKEY_OIDC_CLIENT_ID', 'LATCHKEY_OIDC_CLIENT_SECRET'] as const
  const [issuer, clientId, secret] = names.map((name) => pick('', undefined, name, env))
  if (issuer === undefined && clientId === undefined && secret === undefined) return undefined
  if (issuer === undefined || clientId === undefined)
    refuse('LATCHKEY_OIDC_ISSUER and LATCHKEY_OIDC_CLIENT_ID go together. Set both, or neither.')
  const fault = issuerFault(issuer.value)
  if (fault !== undefined) refuse(`${issuer.from}: ${fault}`)
  const [provider] = parseProviders(
    JSON.stringify({
      providers: [
        {
          ...{ id: onlyProviderId, name: 'Single sign-on', issuer: issuer.value, client_id: clientId.value },
          ...{ organizations: ['root'], listed: true },
        },
      ],
    }),
    issuer.from,
  )
  return { ...(provider as ProviderSettings), client_secret: secret?.value }
}
