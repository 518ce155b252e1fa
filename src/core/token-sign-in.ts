// By whose tokens browsers sign in.

/** Which keys may open sessions by their tokens: those of the root organization, all, or none. */
export const tokenSignIns = ['root', 'all', 'off'] as const
/** `root`, `all` or `off`. */
export type TokenSignIn = (typeof tokenSignIns)[number]
