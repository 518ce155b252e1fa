// Which verdicts get a line of their own in the log.

/** All, the refused ones, or none. */
export const logVerdictsChoices = ['all', 'refused', 'none'] as const
export type LogVerdicts = (typeof logVerdictsChoices)[number]
