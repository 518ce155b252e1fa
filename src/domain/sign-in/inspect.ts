// What of the settings of providers can be tried without a database: whether each one tells where its endpoints are.
import type { Environment } from '../../core/given-settings.ts'
import { Providers } from './providers.ts'

/** What came of the question to a provider: nothing wrong, or why it cannot be used. */
export interface InspectedProvider {
  id: string
  issuer: string
  failure: string | undefined
}

/** Asks each provider where its endpoints are. Throws `invalid_input` for settings that are wrong. */
export async function inspectProviders(env: Environment): Promise<InspectedProvider[]> {
  const providers = Providers.read({}, env)
  providers.check()
  return Promise.all(
    providers.list.map(async (provider) => {
      const { id, issuer } = provider
      try {
        await providers.clientOf(provider).discover()
        return { id, issuer, failure: undefined }
      } catch (error) {
        const { cause } = error as Error
        return { id, issuer, failure: (cause as Error | undefined)?.message ?? (error as Error).message }
      }
    }),
  )
}
