/** Messages of bitswap 1.2 as far as who only serves reads and writes them. https://specs.ipfs.tech/bitswap-protocol/ */
import { encodeProtobuf, protobufFields } from '@granary/content'
import { varint } from 'multiformats'
import { CID } from 'multiformats/cid'

/** What a peer asks for. */
export interface Want {
  readonly cid: string
  /** The block itself, and not only whether it is here. */
  readonly isBlock: boolean
  /** To be told of what is not here; who does not ask for that is not told. */
  readonly isToldOfMissing: boolean
}

export interface WantList {
  /** Takes the place of all that was asked for before. */
  readonly isFull: boolean
  readonly wants: readonly Want[]
  readonly cancelled: readonly string[]
}

export interface BitswapAnswer {
  readonly blocks: readonly { readonly cid: CID; readonly bytes: Uint8Array }[]
  readonly presences: readonly { readonly cid: CID; readonly isHere: boolean }[]
}

/** Numbers of the fields of each message. */
const MESSAGE = { wantlist: 1, block: 3, presence: 4 } as const
const WANTLIST = { entry: 1, full: 2 } as const
const ENTRY = { cid: 1, cancel: 3, wantType: 4, sendDontHave: 5 } as const
const BLOCK = { prefix: 1, data: 2 } as const
const PRESENCE = { cid: 1, type: 2 } as const

const HAVE = 0
const DONT_HAVE = 1
const WANT_HAVE = 1
/** With the 128 bytes that one may hold, and what says so: a peer's wants are kept. */
const CID_BYTES_MAX = 160
/** The wire type of bytes. */
const BYTES = 2

/** @throws RangeError, or what CID.decode throws, for bytes that are no message */
export function parseWantList(message: Uint8Array): WantList {
  const wants: Want[] = []
  const cancelled: string[] = []
  let isFull = false
  for (const { number, value: list } of protobufFields(message))
    if (number === MESSAGE.wantlist && typeof list !== 'number')
      for (const { number, value } of protobufFields(list)) {
        if (number === WANTLIST.full) isFull = value === 1
        if (number !== WANTLIST.entry || typeof value === 'number') continue
        const { isCancelled, ...want } = parseEntry(value)
        if (isCancelled) cancelled.push(want.cid)
        else wants.push(want)
      }
  return { isFull, wants, cancelled }
}

function parseEntry(entry: Uint8Array): Want & { readonly isCancelled: boolean } {
  const fields = new Map([...protobufFields(entry)].map(({ number, value }) => [number, value]))
  const cid = fields.get(ENTRY.cid)
  if (cid === undefined || typeof cid === 'number') throw new RangeError('an entry without a CID')
  if (cid.length > CID_BYTES_MAX) throw new RangeError(`a CID of ${cid.length} bytes`)
  return {
    cid: CID.decode(cid).toString(),
    isCancelled: fields.get(ENTRY.cancel) === 1,
    isBlock: fields.get(ENTRY.wantType) !== WANT_HAVE,
    isToldOfMissing: fields.get(ENTRY.sendDontHave) === 1,
  }
}

/** With its length before it, in memory of its own; nothing where there is nothing to say. */
export function encodeAnswer({ blocks, presences }: BitswapAnswer): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = blocks.flatMap(({ cid, bytes }) => {
    const prefix = encodeProtobuf([{ number: BLOCK.prefix, value: prefixOf(cid) }])
    const data = headOf(BLOCK.data, bytes.length)
    return [headOf(MESSAGE.block, prefix.length + data.length + bytes.length), prefix, data, bytes]
  })
  for (const { cid, isHere } of presences) {
    const type = isHere ? HAVE : DONT_HAVE
    const presence = encodeProtobuf([
      { number: PRESENCE.cid, value: cid.bytes },
      { number: PRESENCE.type, value: type },
    ])
    parts.push(encodeProtobuf([{ number: MESSAGE.presence, value: presence }]))
  }
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  if (length === 0) return new Uint8Array()
  let at = varint.encodingLength(length)
  const message = new Uint8Array(at + length)
  varint.encodeTo(length, message)
  for (const part of parts) {
    message.set(part, at)
    at += part.length
  }
  return message
}

/** What a CID has but its digest. */
function prefixOf({ version, code, multihash }: CID): Uint8Array {
  return varints(version, code, multihash.code, multihash.size)
}

function headOf(field: number, length: number): Uint8Array {
  return varints(field * 8 + BYTES, length)
}

function varints(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.reduce((sum, value) => sum + varint.encodingLength(value), 0))
  let at = 0
  for (const value of values) {
    varint.encodeTo(value, bytes, at)
    at += varint.encodingLength(value)
  }
  return bytes
}
