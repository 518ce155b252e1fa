// Makes mutants of a source file: each is the file with one small fault, as a program's author might have made it.
import { parseAst } from 'vite'

/** One fault: what stands between two offsets of the source, and what stands there instead. */
export interface Mutant {
  start: number
  end: number
  was: string
  becomes: string
  /** The line on which it begins, from 1. */
  line: number
}

interface Node {
  type: string
  start: number
  end: number
  [field: string]: unknown
}

const opposites: Record<string, string> = { '===': '!==', '!==': '===', '&&': '||', '||': '&&' }
/** Another bound, by one, and the other side of it. */
const bounds: Record<string, string[]> = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
}
/** Calls in a chain without which a statement means more, or a list is another. */
const chained = /^(?:where|andWhere|filter|orderBy|limit|forUpdate|returning)$/
const twins: Record<string, string> = { some: 'every', every: 'some', min: 'max', max: 'min' }

/** Every mutant of a source that this program knows to make, in the order in which they stand in it. */
export function makeMutants(source: string): Mutant[] {
  const mutants: Mutant[] = []
  const textOf = ({ start, end }: Node) => source.slice(start, end)
  const add = ({ start, end }: { start: number; end: number }, becomes: string) => {
    const line = source.slice(0, start).split('\n').length
    mutants.push({ start, end, was: source.slice(start, end), becomes, line })
  }

  function visit(node: Node): void {
    if (node.type.startsWith('TS') && !/^TS(?:As|NonNull|Satisfies)/.test(node.type)) return
    if (node.type === 'IfStatement' || node.type === 'ConditionalExpression') {
      for (const value of ['true', 'false']) add(node.test as Node, value)
    }
    if (node.type === 'BinaryExpression' || node.type === 'LogicalExpression') mutateOperator(node)
    if (node.type === 'UnaryExpression' && node.operator === '!') add(node, textOf(node.argument as Node))
    if (node.type === 'Literal' && typeof node.value === 'boolean') add(node, String(!node.value))
    if (node.type === 'ExpressionStatement') mutateStatement(node)
    if (node.type === 'ThrowStatement') add(node, ';')
    if (node.type === 'CallExpression') mutateCall(node)
    for (const [field, value] of Object.entries(node)) {
      // The test of an if is true and false already.
      const isTest = node.type === 'IfStatement' && field === 'test'
      for (const child of Array.isArray(value) ? value : [value]) {
        if (isNode(child)) isTest ? visitInside(child) : visit(child)
      }
    }
  }

  /** Goes on below a condition that was mutated as a whole; only its parts are left. */
  function visitInside(node: Node): void {
    if (node.type === 'BinaryExpression' && (node.operator as string) in opposites) {
      for (const side of ['left', 'right']) visit(node[side] as Node)
    } else if (node.type === 'UnaryExpression') visitInside(node.argument as Node)
    else visit(node)
  }

  function mutateOperator(node: Node): void {
    const operator = node.operator as string
    const [left, right] = [node.left as Node, node.right as Node]
    const at = source.indexOf(operator, left.end)
    const others = operator in opposites ? [opposites[operator] as string] : (bounds[operator] ?? [])
    for (const other of others) add({ start: at, end: at + operator.length }, other)
    if (operator === '??') add(node, textOf(left))
    if (operator === '+' && right.type !== 'Literal') add({ start: at, end: at + 1 }, '-')
    if (operator === '-') add({ start: at, end: at + 1 }, '+')
  }

  function mutateStatement(node: Node): void {
    const { type } = node.expression as Node
    if (/^(?:CallExpression|AwaitExpression|AssignmentExpression|UpdateExpression)$/.test(type))
      add(node, ';')
    // `void work()` and `promise.catch(…)` alike.
    else if (type === 'UnaryExpression' || type === 'ChainExpression') add(node, ';')
  }

  function mutateCall(node: Node): void {
    const callee = node.callee as Node
    if (callee.type !== 'MemberExpression') return
    const [object, property] = [callee.object as Node, callee.property as Node]
    const name = textOf(property)
    if (chained.test(name)) add({ start: object.end, end: node.end }, '')
    const twin = twins[name]
    if (twin) add(property, twin)
  }

  for (const statement of parseAst(source, { lang: 'ts' }).body) visit(statement as unknown as Node)
  return mutants.sort((a, b) => a.start - b.start || a.end - b.end)
}

/** The source with the one fault in it. */
export function applyMutant(source: string, { start, end, becomes }: Mutant): string {
  return source.slice(0, start) + becomes + source.slice(end)
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value
}
