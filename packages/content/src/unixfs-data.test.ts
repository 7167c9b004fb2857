/** UnixFS messages, with pbf as the judge of the wire format. */
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { PbfReader, PbfWriter } from 'pbf'
import { encodeUnixFsData, type NewUnixFsData, unixFsData } from './unixfs-data.ts'

const types = ['raw', 'directory', 'file', 'metadata', 'symlink', 'shard'] as const
const whole = fc.maxSafeNat()

const message: fc.Arbitrary<NewUnixFsData> = fc.record(
  {
    type: fc.constantFrom(...types),
    data: fc.uint8Array({ maxLength: 300 }),
    fileBytes: whole,
    blockSizes: fc.array(whole, { maxLength: 20 }),
    hashType: fc.nat(),
    fanout: fc.nat(),
  },
  { requiredKeys: ['type'] },
)

function byPbf({ type, data, fileBytes, blockSizes, hashType, fanout }: NewUnixFsData, isPacked = false): PbfWriter {
  const writer = new PbfWriter()
  writer.writeVarintField(1, types.indexOf(type))
  if (data !== undefined) writer.writeBytesField(2, data)
  if (fileBytes !== undefined) writer.writeVarintField(3, fileBytes)
  if (isPacked) writer.writePackedVarint(4, [...(blockSizes ?? [])])
  else for (const size of blockSizes ?? []) writer.writeVarintField(4, size)
  if (hashType !== undefined) writer.writeVarintField(5, hashType)
  if (fanout !== undefined) writer.writeVarintField(6, fanout)
  return writer
}

function read({ type, data, blockSizes, hashType, fanout }: NewUnixFsData) {
  const absent = { data: new Uint8Array(), blockSizes: [], hashType: 0, fanout: 0 }
  return { type, data: data ?? absent.data, blockSizes: blockSizes ?? [], hashType: hashType ?? 0, fanout: fanout ?? 0 }
}

test('a message is written byte for byte as pbf writes it', () => {
  fc.assert(fc.property(message, (given) => expect(encodeUnixFsData(given)).toEqual(byPbf(given).finish())))
})

test('what pbf has written is read, sizes in one run or one by one, among fields of every kind that nobody knows', () => {
  fc.assert(
    fc.property(message, fc.boolean(), whole, fc.string(), (given, isPacked, number, text) => {
      const writer = byPbf(given, isPacked)
      writer.writeVarintField(7, number)
      writer.writeStringField(8, text)
      writer.writeFixed32Field(9, 1)
      writer.writeDoubleField(2 ** 20, 0.5)
      expect(unixFsData(writer.finish())).toEqual(read(given))
    }),
  )
})

test('a varint may be longer than it must be', () => {
  expect(unixFsData(Uint8Array.of(0x08, 0x82, 0x80, 0x00))?.type).toBe('file')
})

test.each([
  ['nothing', []],
  ['no type', [0x12, 0x00]],
  ['a type that is none', [0x08, 0x06]],
  ['a field that is broken off', [0x08]],
  ['a varint that is broken off', [0x08, 0x82]],
  ['a varint of eleven bytes', [0x08, ...new Array<number>(10).fill(0x80), 0x00]],
  ['bytes beyond the end', [0x08, 0x02, 0x12, 0x05, 0x01]],
  ['a fixed field beyond the end', [0x08, 0x02, 0x4d, 0x01]],
  ['a run of sizes that is broken off', [0x08, 0x02, 0x22, 0x01, 0x80]],
  ['a group, which protobuf has no more', [0x08, 0x02, 0x3b, 0x3c]],
])('%s is no UnixFS message', (_, bytes) => {
  expect(unixFsData(Uint8Array.from(bytes))).toBeUndefined()
})

test('any bytes are a message or none, and pbf reads the same type and data of one', () => {
  const started = fc.uint8Array({ maxLength: 40 }).map((rest) => Uint8Array.of(0x08, 0x02, ...rest))
  fc.assert(
    fc.property(started, (bytes) => {
      const found = unixFsData(bytes)
      if (found === undefined) return
      const judged = new PbfReader(bytes).readFields(
        (tag, fields: { data: Uint8Array }, reader) => {
          if (tag === 2 && reader.type === 2) fields.data = reader.readBytes()
        },
        { data: new Uint8Array() },
      )
      expect(found.data).toEqual(judged.data)
    }),
    { numRuns: 1000 },
  )
})
