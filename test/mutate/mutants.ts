// Makes mutants of a source file: each is the file with one small fault, as a program's author might have made it.
import { parseAst } from 'vite'

/** One fault: what stands between two offsets of the source, and what stands there instead. */
export interface Mutant {
  start: number
  end: number
  was: string
  becomes: string
  /** The line on which it begins, from 1, and its text. */
  line: number
  lineText: string
  /** The expression or statement that can be chosen in place of the one without the fault. */
  place: Place
  /** Whether it acts when the module is loaded, and never again. */
  isOnce: boolean
}

/** Two offsets of the source, and what stands between them. */
export interface Place {
  start: number
  end: number
  kind: 'expression' | 'statement'
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
  let isOnce = false
  const lines = source.split('\n')
  const textOf = ({ start, end }: Node) => source.slice(start, end)
  /** Adds the fault of an edit within a node, which is the fault's place unless it is a link of a chain with `?.`. */
  const add = (node: Node, becomes: string, { start, end }: { start: number; end: number } = node) => {
    const line = source.slice(0, start).split('\n').length
    const whole = chains.get(node) ?? node
    const kind = node.type.endsWith('Statement') ? 'statement' : 'expression'
    const place: Place = { start: whole.start, end: whole.end, kind }
    const lineText = (lines[line - 1] as string).trim()
    mutants.push({ start, end, was: source.slice(start, end), becomes, line, lineText, place, isOnce })
  }
  /** Of each link of a chain with `?.` the whole chain: a link that stood in brackets would not end with it. */
  const chains = new Map<Node, Node>()

  function visit(node: Node): void {
    if (node.type === 'ChainExpression') noteLinks(node, node.expression as Node)
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
    if (node.type === 'BinaryExpression' && Object.hasOwn(opposites, node.operator as string)) {
      for (const side of ['left', 'right']) visit(node[side] as Node)
    } else if (node.type === 'UnaryExpression') visitInside(node.argument as Node)
    else visit(node)
  }

  function noteLinks(whole: Node, link: Node): void {
    if (chains.has(link)) return
    chains.set(link, whole)
    for (const field of ['callee', 'object', 'expression']) {
      const inner = link[field]
      if (isNode(inner)) noteLinks(whole, inner)
    }
  }

  function mutateOperator(node: Node): void {
    const operator = node.operator as string
    const [left, right] = [node.left as Node, node.right as Node]
    const at = source.indexOf(operator, left.end)
    const others = Object.hasOwn(opposites, operator)
      ? [opposites[operator] as string]
      : (bounds[operator] ?? [])
    for (const other of others) add(node, other, { start: at, end: at + operator.length })
    if (operator === '??') add(node, textOf(left))
    if (operator === '+' && right.type !== 'Literal') add(node, '-', { start: at, end: at + 1 })
    if (operator === '-') add(node, '+', { start: at, end: at + 1 })
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
    const property = callee.property as Node
    const name = textOf(property)
    const dot = source.lastIndexOf('.', property.start)
    const start = source[dot - 1] === '?' ? dot - 1 : dot
    if (chained.test(name)) add(node, '', { start, end: node.end })
    const twin = Object.hasOwn(twins, name) ? twins[name] : undefined
    if (twin) add(node, twin, property)
  }

  for (const statement of parseAst(source, { lang: 'ts' }).body as unknown as Node[]) {
    isOnce = !isOfFunctions(statement)
    visit(statement)
  }
  return mutants.sort((a, b) => a.start - b.start || a.end - b.end)
}

/** Whether a statement of a module only defines what is called later. */
function isOfFunctions(statement: Node): boolean {
  const declared = (statement.declaration ?? statement) as Node
  if (/^(?:Function|Class)Declaration$/.test(declared.type)) return true
  const declarations = (declared.declarations ?? []) as { init: Node | null }[]
  return declarations.length > 0 && declarations.every(({ init }) => init?.type === 'ArrowFunctionExpression')
}

/** The source with the one fault in it. */
export function applyMutant(source: string, { start, end, becomes }: Mutant): string {
  return source.slice(0, start) + becomes + source.slice(end)
}

/** Every statement of a source that is an expression alone. */
export function listStatements(source: string): Place[] {
  const found: Place[] = []
  function visit(node: Node): void {
    if (node.type === 'ExpressionStatement')
      found.push({ start: node.start, end: node.end, kind: 'statement' })
    for (const child of Object.values(node).flat()) if (isNode(child)) visit(child)
  }
  for (const statement of parseAst(source, { lang: 'ts' }).body) visit(statement as unknown as Node)
  return found
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value
}
