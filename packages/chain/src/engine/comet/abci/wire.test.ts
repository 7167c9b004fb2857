/** The messages of cosmjs-types have the bytes that ABCI 2.0 gives them, by an own schema that another library reads. */
import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { Request, Response } from 'cosmjs-types/tendermint/abci/types'
import fc from 'fast-check'
import protobuf from 'protobufjs'

const path = new URL('../../../../test/abci.proto', import.meta.url)
const { root } = protobuf.parse(readFileSync(path, 'utf8'))
const RUNS = 30

/** As cosmjs-types has it: whole numbers of 64 bits are bigints, and what is left out is a default. */
type Message = Readonly<Record<string, unknown>>

/** Any value of a field but its default, which nobody writes. */
function anyOf(field: protobuf.Field): fc.Arbitrary<unknown> {
  const { resolvedType } = field.resolve()
  if (resolvedType instanceof protobuf.Type) return messageOf(resolvedType)
  if (resolvedType instanceof protobuf.Enum)
    return fc.constantFrom(...Object.values(resolvedType.values).filter((value) => value !== 0))
  switch (field.type) {
    case 'bool':
      return fc.constant(true)
    case 'string':
      return fc.string({ minLength: 1, maxLength: 9, unit: 'grapheme' })
    case 'bytes':
      return fc.uint8Array({ minLength: 1, maxLength: 40 })
    case 'int32':
      return fc.integer().filter((value) => value !== 0)
    case 'uint32':
      return fc.integer({ min: 1, max: 0xffff_ffff })
    case 'int64':
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).filter((value) => value !== 0n)
    case 'uint64':
      return fc.bigInt({ min: 1n, max: 2n ** 64n - 1n })
    default:
      throw new Error(`a field of the type ${field.type}`)
  }
}

function messageOf(type: protobuf.Type): fc.Arbitrary<Message> {
  const fields = type.fieldsArray.filter((field) => !field.resolve().partOf)
  const known = Object.fromEntries(
    fields.map((field) => [
      field.name,
      field.repeated ? fc.array(anyOf(field), { minLength: 1, maxLength: 3 }) : anyOf(field),
    ]),
  )
  const always = fields.filter(({ options }) => options?.['(always)'] === true).map(({ name }) => name)
  const plain = fc.record(known, { requiredKeys: always })
  const [choice] = type.oneofsArray
  if (choice === undefined) return plain
  const one = fc.oneof(...choice.fieldsArray.map((field) => fc.record({ [field.name]: anyOf(field) })))
  return fc.tuple(plain, one).map(([rest, chosen]) => ({ ...rest, ...chosen }))
}

/** protobufjs takes whole numbers of 64 bits as text. */
function forOwn(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  if (Array.isArray(value)) return value.map(forOwn)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, forOwn(each)]))
}

interface Codec {
  fromPartial(value: Message): Message
  encode(value: Message): { finish(): Uint8Array }
  decode(bytes: Uint8Array): Message
}

for (const [name, theirs] of Object.entries({ Request, Response } as unknown as Record<string, Codec>)) {
  const own = root.lookupType(`abci.${name}`)
  test.each(own.oneofsArray[0]!.fieldsArray.map((field) => [field.name, field] as const))(
    `${name}.%s has the same bytes by both, whoever wrote them`,
    (call, field) => {
      fc.assert(
        fc.property(anyOf(field), (value) => {
          const message = { [call]: value }
          const bytes = Buffer.from(own.encode(own.fromObject(forOwn(message) as Message)).finish())
          expect(Buffer.from(theirs.encode(theirs.fromPartial(message)).finish())).toEqual(bytes)
          expect(Buffer.from(theirs.encode(theirs.decode(bytes)).finish())).toEqual(bytes)
          expect(Buffer.from(own.encode(own.decode(bytes)).finish())).toEqual(bytes)
        }),
        { numRuns: RUNS },
      )
    },
  )
  test(`${name} has no call that the own schema does not know`, () => {
    expect(Object.keys(theirs.fromPartial({})).toSorted()).toEqual(
      own.fieldsArray.map((field) => field.name).toSorted(),
    )
  })
}
