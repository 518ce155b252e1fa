// What the published types need of Zod's: a schema of Latchkey's as the type of what it reads and of what it gives. So who compiles
// against them needs no Zod, and loads none of its types. A test holds both to give the same types.

/** A schema, as far as types go. `defaulted` and `optional` fields of an object may be absent. */
interface Schema<Output, Input, OptIn = undefined, OptOut = undefined> {
  _zod: { output: Output; input: Input; optin: OptIn; optout: OptOut }
}
type Any = Schema<unknown, unknown, unknown, unknown>
type Out<T extends Any> = T['_zod']['output']
type In<T extends Any> = T['_zod']['input']
type Fields = Record<string, Any>
type Together<T> = { [K in keyof T]: T[K] } & {}
type Frozen<T> = T extends (infer Item)[] ? readonly Item[] : T extends Date ? T : Readonly<T>
type MayLack = { _zod: { optin: 'optional' | 'defaulted' } }
type MayMiss = { _zod: { optout: 'optional' } }

export declare namespace z {
  namespace core {
    type $strict = { out: object; in: object }
    type $strip = { out: object; in: object }
    interface $ZodTypeInternals<O, I> {
      output: O
      input: I
    }
  }
  type output<T extends Any> = Out<T>
  type infer<T extends Any> = Out<T>
  type input<T extends Any> = In<T>
  type ZodType<O = unknown, I = unknown, _Internals = unknown> = Schema<O, I>
  type ZodString = Schema<string, string>
  type ZodGUID = Schema<string, string>
  type ZodISODateTime = Schema<string, string>
  type ZodInt = Schema<number, number>
  type ZodNumber = Schema<number, number>
  type ZodBoolean = Schema<boolean, boolean>
  type ZodDate = Schema<Date, Date>
  type ZodUnknown = Schema<unknown, unknown>
  type ZodNull = Schema<null, null>
  type ZodCustom<O, I> = Schema<O, I>
  type ZodTransform<O, I> = Schema<O, I>
  type ZodLiteral<T> = Schema<T, T>
  type ZodEnum<T> = Schema<T[keyof T] & {}, T[keyof T] & {}>
  interface ZodArray<T extends Any> extends Schema<Out<T>[], In<T>[]> {}
  interface ZodOptional<T extends Any>
    extends Schema<Out<T> | undefined, In<T> | undefined, 'optional', 'optional'> {}
  interface ZodDefault<T extends Any>
    extends Schema<Exclude<Out<T>, undefined>, In<T> | undefined, 'defaulted'> {}
  interface ZodNullable<T extends Any>
    extends Schema<Out<T> | null, In<T> | null, T['_zod']['optin'], T['_zod']['optout']> {}
  interface ZodReadonly<T extends Any>
    extends Schema<Frozen<Out<T>>, Frozen<In<T>>, T['_zod']['optin'], T['_zod']['optout']> {}
  interface ZodPipe<A extends Any, B extends Any>
    extends Schema<Out<B>, In<A>, A['_zod']['optin'], B['_zod']['optout']> {}
  interface ZodUnion<T extends readonly Any[]> extends Schema<Out<T[number]>, In<T[number]>> {}
  interface ZodRecord<K extends Any, V extends Any>
    extends Schema<Record<Out<K> & PropertyKey, Out<V>>, Record<In<K> & PropertyKey, In<V>>> {}
  interface ZodObject<T extends Fields, _Config = core.$strip>
    extends Schema<
      Together<
        { -readonly [K in keyof T as T[K] extends MayMiss ? never : K]: Out<T[K]> } & {
          -readonly [K in keyof T as T[K] extends MayMiss ? K : never]?: Out<T[K]>
        }
      >,
      Together<
        { -readonly [K in keyof T as T[K] extends MayLack ? never : K]: In<T[K]> } & {
          -readonly [K in keyof T as T[K] extends MayLack ? K : never]?: In<T[K]>
        }
      >
    > {}
}
