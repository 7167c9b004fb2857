/**
 * A folder's block out of its entries; a sharded one (HAMT) when a single block would be larger than the profile takes.
 * https://specs.ipfs.tech/unixfs/ (directory, HAMT directory)
 */
import { GranaryError } from '@granary/base'
import { encodeNode, type NewNode, type PutContext, type PutNode, putNode } from './put-node.ts'
import { MURMUR3_X64_64, placeOf } from './shard.ts'

export class NamesCollideError extends GranaryError {
  constructor(names: readonly string[]) {
    super({
      code: 'NAMES_COLLIDE',
      message: `the names ${names.map((name) => JSON.stringify(name)).join(' and ')} have the same hash: no sharded folder holds both`,
      hint: 'rename one of them, or move it into another folder',
    })
  }
}

type Entry = readonly [name: string, node: PutNode]

/** @throws NamesCollideError NAMES_COLLIDE */
export async function putFolder(entries: readonly Entry[], context: PutContext): Promise<PutNode> {
  const folder: NewNode = { data: { type: 'directory' }, links: entries }
  const { shardMeasure, shardThresholdBytes } = context.profile
  const bytes = shardMeasure === 'block' ? encodeNode(folder).length : linksBytes(entries)
  return bytes <= shardThresholdBytes ? await putNode(folder, context) : await putShard(entries, 0, context)
}

/** The older measure, which counts neither sizes nor what the encoding adds. */
function linksBytes(entries: readonly Entry[]): number {
  const encoder = new TextEncoder()
  return entries.reduce((sum, [name, { cid }]) => sum + encoder.encode(name).length + cid.bytes.length, 0)
}

/** A place that several names take is a shard of the next level. */
async function putShard(entries: readonly Entry[], level: number, context: PutContext): Promise<PutNode> {
  const { shardFanoutBits } = context.profile
  const places = new Map<string, Entry[]>()
  for (const entry of entries) {
    const place = await placeOf(entry[0], level, shardFanoutBits)
    if (place === undefined) throw new NamesCollideError(entries.map(([name]) => name))
    const others = places.get(place)
    if (others === undefined) places.set(place, [entry])
    else others.push(entry)
  }
  const links: Entry[] = []
  for (const [place, [first, ...others]] of places) {
    if (first === undefined) continue
    if (others.length === 0) links.push([place + first[0], first[1]])
    else links.push([place, await putShard([first, ...others], level + 1, context)])
  }
  const data = bitField([...places.keys()].map((place) => Number.parseInt(place, 16)))
  const fanout = 2 ** shardFanoutBits
  return await putNode({ data: { type: 'shard', data, hashType: MURMUR3_X64_64, fanout }, links }, context)
}

/** One bit a place, the last bit that of place 0; without the zeros in front. */
function bitField(places: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(Math.floor(Math.max(...places) / 8) + 1)
  for (const place of places) bytes[bytes.length - 1 - Math.floor(place / 8)]! |= 1 << (place % 8)
  return bytes
}
