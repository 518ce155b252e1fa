// What a relay is made of, for its routes to use.
import type { JudgingParts } from '../server/parts.ts'
import type { Upstream } from './upstream.ts'

export interface RelayParts extends JudgingParts {
  upstream: Upstream
}
