// For which organizations a person may act who has signed in one way or another: judged at every request, and in every change.

/** The name of passkeys among providers. */
export const passkeyProvider = 'passkey'

/** By what the people of an organization sign in: `any` way, or by a `provider` alone. */
export const signInPolicies = ['any', 'provider'] as const

/** As whom somebody would act, and who has proved who it is. */
export interface ProvedStanding {
  provider: string
  organization_id: string
  /** The policy of the organization. */
  sign_in: string
}

/** Tells whether a provider's word lets a person act for an organization now. */
export type MayAct = (standing: ProvedStanding) => boolean

/** Whatever proves who people are, it may. */
export const everyProvider: MayAct = () => true
