// The graph of imports of a source: its files, the rooms that they lie in, and the floors on which those stand.
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

/** A file, by its path below `src`, that imports another; a type that it imports counts. */
export interface Import {
  from: string
  to: string
}

/** What the graph of a source is like. */
export interface Structure {
  files: number
  imports: number
  /** The folders below `src`, and each file that lies in `src` itself. */
  rooms: string[]
  /** Pairs of rooms, of which one imports from the other. */
  arrows: [from: string, to: string][]
  /** How many rooms stand on one another at most; a circle of rooms counts as one floor. */
  floors: number
  /** How many rooms are in circles, and how many files. */
  roomsInCircles: number
  filesInCircles: number
}

/** Reads every import of a source by another file of it. `root` is the repository's. */
export function readImports(root: string): Import[] {
  return globSync('src/**/*.ts', { cwd: root }).flatMap((path) => {
    const text = readFileSync(join(root, path), 'utf8')
    return [...text.matchAll(importPattern)].map((match) => ({
      from: path.slice('src/'.length),
      to: normalize(join(dirname(path), (match[1] ?? match[2]) as string)).slice('src/'.length),
    }))
  })
}

const importPattern = /^(?:import|export) (?:type )?[^'"]*?from '(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm

/** The room in which a file lies. */
export function roomOf(file: string): string {
  const slash = file.indexOf('/')
  return slash === -1 ? file.replace(/\.ts$/, '') : file.slice(0, slash)
}

/** Measures a graph. */
export function measure(imports: readonly Import[]): Structure {
  const between = imports
    .map(({ from, to }): [string, string] => [roomOf(from), roomOf(to)])
    .filter(([from, to]) => from !== to)
  const arrows = [...new Map(between.map((arrow) => [arrow.join(' '), arrow])).values()].sort()
  const files = new Set(imports.flatMap(({ from, to }) => [from, to]))
  const rooms = [...new Set([...files].map(roomOf))].sort()
  const roomCircles = findCircles(rooms, arrows)
  const fileCircles = findCircles(
    [...files],
    imports.map(({ from, to }) => [from, to]),
  )
  return {
    files: files.size,
    imports: imports.length,
    rooms,
    arrows,
    floors: countFloors(roomCircles, arrows),
    roomsInCircles: roomCircles.filter((circle) => circle.length > 1).flat().length,
    filesInCircles: fileCircles.filter((circle) => circle.length > 1).flat().length,
  }
}

/** Groups nodes that reach each other (R. Tarjan, Depth-first search and linear graph algorithms, 1972). */
function findCircles(nodes: readonly string[], arrows: readonly (readonly [string, string])[]): string[][] {
  const targets = Map.groupBy(arrows, ([from]) => from)
  const order = new Map<string, number>()
  const lowest = new Map<string, number>()
  const path: string[] = []
  const groups: string[][] = []
  const visit = (node: string) => {
    order.set(node, order.size)
    lowest.set(node, order.get(node) as number)
    path.push(node)
    for (const [, target] of targets.get(node) ?? []) {
      if (!order.has(target)) visit(target)
      if (path.includes(target))
        lowest.set(node, Math.min(lowest.get(node) as number, lowest.get(target) as number))
    }
    if (lowest.get(node) === order.get(node)) groups.push(path.splice(path.indexOf(node)))
  }
  for (const node of nodes) if (!order.has(node)) visit(node)
  return groups
}

/** Counts the longest way down. The groups come lowest first, as {@link findCircles} gives them. */
function countFloors(groups: readonly string[][], arrows: readonly (readonly [string, string])[]): number {
  const floorOf = new Map<string, number>()
  for (const group of groups) {
    const below = arrows
      .filter(([from, to]) => group.includes(from) && !group.includes(to))
      .map(([, to]) => floorOf.get(to) ?? 0)
    const floor = Math.max(0, ...below) + 1
    for (const node of group) floorOf.set(node, floor)
  }
  return Math.max(0, ...floorOf.values())
}
