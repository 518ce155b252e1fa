// What scanners call the tokens of this deployment, by their prefix: in the rules that they are given, and in their reports.

/** The name of the rule that finds tokens with a prefix: `latchkey-re_live`. */
export function scannerRuleOf(prefix: string): string {
  return `latchkey-${prefix}`
}
