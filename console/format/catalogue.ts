// The catalogue of permissions, put for people: under its headings, and what is in use beside it. Pure.
import { reservedNamespace, uncataloguedOf } from '../../src/core/permissions.ts'
import type { WireCatalogueEntry } from '../api.ts'

export interface CatalogueGroup {
  /** Null for those without a heading. */
  heading: string | null
  entries: WireCatalogueEntry[]
}

/** The entries under their headings, by the alphabet, those without one last. */
export function groupsOf(catalogue: readonly WireCatalogueEntry[]): CatalogueGroup[] {
  const groups = Map.groupBy(catalogue, ({ group }) => group)
  return [...groups]
    .map(([heading, entries]) => ({ heading, entries }))
    .sort((one, other) => {
      if (one.heading === null || other.heading === null) return one.heading === null ? 1 : -1
      return one.heading.localeCompare(other.heading)
    })
}

/** Of permissions in use, those that the catalogue does not have; Latchkey's own are explained without it. */
export function undescribed<Use extends { permission: string }>(
  catalogue: readonly WireCatalogueEntry[],
  inUse: readonly Use[],
): Use[] {
  const names = catalogue.map(({ name }) => name)
  const used = inUse.filter(({ permission }) => !permission.startsWith(reservedNamespace))
  if (names.length === 0) return used
  const missing = new Set(
    uncataloguedOf(
      names,
      used.map(({ permission }) => permission),
    ),
  )
  return used.filter(({ permission }) => missing.has(permission))
}
