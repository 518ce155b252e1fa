// Writes values as Protocol Buffers (protobuf.dev/programming-guides/encoding), by the fields that a message has.

/** How a field is written: a scalar, or the name of a message. A list of values is a repeated field. */
export type FieldType =
  | 'string'
  | 'hex'
  | 'bool'
  | 'int64'
  | 'double'
  | 'enum'
  | 'fixed32'
  | 'fixed64'
  | (string & {})

/** Messages by their names: each field by its name in JSON, with its number and its type. */
export type Messages = Readonly<Record<string, Readonly<Record<string, readonly [number, FieldType]>>>>

/** Writes a value as a message. Fields that are undefined are left out. */
export function writeMessage(messages: Messages, name: string, value: object): Buffer {
  const writer = new Writer(messages)
  writer.message(name, value)
  return writer.bytes
}

const varint = 0
const eightBytes = 1
const lengthDelimited = 2
const fourBytes = 5

class Writer {
  readonly #messages: Messages
  #buffer = Buffer.allocUnsafe(16_384)
  #length = 0

  constructor(messages: Messages) {
    this.#messages = messages
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  message(name: string, value: object): void {
    const fields = this.#messages[name] as Messages[string]
    // Thousands a second: no list is made of what stands in a value.
    for (const field in value) {
      const held = (value as Record<string, unknown>)[field]
      if (held === undefined) continue
      const [number, type] = fields[field] as [number, FieldType]
      if (!Array.isArray(held)) this.#field(number, type, held)
      else for (const one of held) this.#field(number, type, one)
    }
  }

  #field(number: number, type: FieldType, value: unknown): void {
    switch (type) {
      case 'string': {
        const length = Buffer.byteLength(value as string)
        this.#tag(number, lengthDelimited)
        this.#varint(length)
        this.#room(length)
        this.#length += this.#buffer.write(value as string, this.#length)
        return
      }
      case 'hex': {
        const length = (value as string).length / 2
        this.#tag(number, lengthDelimited)
        this.#varint(length)
        this.#room(length)
        this.#length += this.#buffer.write(value as string, this.#length, 'hex')
        return
      }
      case 'bool':
      case 'enum':
      case 'int64':
        this.#tag(number, varint)
        this.#varint(value as number)
        return
      case 'double':
        this.#tag(number, eightBytes)
        this.#room(8)
        this.#length = this.#buffer.writeDoubleLE(value as number, this.#length)
        return
      case 'fixed32':
        this.#tag(number, fourBytes)
        this.#room(4)
        this.#length = this.#buffer.writeUInt32LE(value as number, this.#length)
        return
      case 'fixed64':
        this.#tag(number, eightBytes)
        this.#room(8)
        this.#length = this.#buffer.writeBigUInt64LE(BigInt(value as string), this.#length)
        return
      default:
        this.#tag(number, lengthDelimited)
        this.#embedded(type, value as object)
    }
  }

  /** Writes a message behind its length, which is known only then. */
  #embedded(type: string, value: object): void {
    const begin = this.#length
    this.message(type, value)
    const size = this.#length - begin
    const shift = sizeOfVarint(size)
    this.#room(shift)
    this.#buffer.copyWithin(begin + shift, begin, this.#length)
    this.#length = begin
    this.#varint(size)
    this.#length += size
  }

  #tag(number: number, wireType: number): void {
    this.#varint(number * 8 + wireType)
  }

  /** Writes a whole number from 0 to 2^53 - 1. */
  #varint(value: number): void {
    let rest = Number(value)
    this.#room(8)
    while (rest >= 0x80) {
      this.#buffer[this.#length++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#buffer[this.#length++] = rest
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(2 * (this.#length + bytes))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }
}

function sizeOfVarint(value: number): number {
  let size = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++
  return size
}
