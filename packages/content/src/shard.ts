/**
 * A block of a sharded directory: a node of a hash array mapped trie. The next bits of the hash of a name choose one of
 * `fanout` places; there stands the entry, or a shard of the next level. https://specs.ipfs.tech/unixfs/ (HAMT directory)
 *
 * A stranger's shard is held to all that a right one keeps to. The fanout decides how many bits each level takes: of none,
 * a search would never end.
 */
import type { PBLink } from '@ipld/dag-pb'
import type { CID } from 'multiformats/cid'
import { DagInvalidError } from './dag-invalid-error.ts'
import type { UnixFsData } from './unixfs-data.ts'

export interface Shard {
  readonly kind: 'shard'
  /** Bits of the hash that one level takes. */
  readonly bits: number
  /** Entries and shards below, by their names in the block: the place, in hexadecimal, and for an entry its name. */
  readonly links: ReadonlyMap<string, CID>
  /** Of each link's DAG, by its name in the block, where the block says so. */
  readonly dagBytes: ReadonlyMap<string, number>
  /** Of the next level. */
  readonly shards: readonly CID[]
}

const shardHashBits = 64
const FANOUT_MIN = 8
const FANOUT_MAX = 1_024
/** The hash that orders names, by its multihash code. */
export const MURMUR3_X64_64 = 0x22

/** @throws DagInvalidError DAG_INVALID */
export function shardOf(cid: CID, { fanout, hashType, data }: UnixFsData, links: readonly PBLink[]): Shard {
  const bits = Math.log2(fanout)
  if (!Number.isInteger(bits) || fanout < FANOUT_MIN || fanout > FANOUT_MAX)
    throw new DagInvalidError(
      cid,
      `a shard with a fanout of ${fanout}, not a power of two from ${FANOUT_MIN} to ${FANOUT_MAX}`,
    )
  if (hashType !== MURMUR3_X64_64) throw new DagInvalidError(cid, `a shard ordered by hash 0x${hashType.toString(16)}`)
  const places = placesOf(data)
  if (places.length !== links.length || places.some((place) => place >= fanout))
    throw new DagInvalidError(cid, `a shard with ${links.length} links, and bits for others`)
  const width = placeWidth(bits)
  for (const [at, { Name: name = '' }] of links.entries())
    if (name.slice(0, width) !== placeText(places[at]!, bits))
      throw new DagInvalidError(cid, `a shard's link "${name}" is not at its place`)
  const isShard = ({ Name: name }: PBLink): boolean => name?.length === width
  return {
    kind: 'shard',
    bits,
    links: new Map(links.map((link) => [link.Name ?? '', link.Hash])),
    dagBytes: dagBytesOf(links),
    shards: links.filter(isShard).map((link) => link.Hash),
  }
}

/** What a folder's maker wrote beside its links; of two with one name the first counts. */
export function dagBytesOf(links: readonly PBLink[]): Map<string, number> {
  const said = links.toReversed().filter(({ Tsize: bytes }) => bytes !== undefined && Number.isSafeInteger(bytes))
  return new Map(said.map(({ Name: name = '', Tsize: bytes = 0 }) => [name, bytes]))
}

/** The place of a name in a shard of `level`, 0 for the root, as its links write it. @returns undefined below the last level */
export async function placeOf(name: string, level: number, bits: number): Promise<string | undefined> {
  if ((level + 1) * bits > shardHashBits) return undefined
  // Only who looks into large folders loads it.
  const { murmur364 } = await import('@multiformats/murmur3')
  const hash = await murmur364.encode(new TextEncoder().encode(name))
  const first = new DataView(hash.buffer, hash.byteOffset, 8).getBigUint64(0)
  const shift = BigInt(shardHashBits - (level + 1) * bits)
  return placeText(Number((first >> shift) & ((1n << BigInt(bits)) - 1n)), bits)
}

/** Places that the bit field says are taken, ascending: its last bit is the first. */
function placesOf(bitField: Uint8Array): number[] {
  const places: number[] = []
  for (const [at, byte] of bitField.toReversed().entries())
    for (let bit = 0; bit < 8; bit++) if ((byte >> bit) & 1) places.push(at * 8 + bit)
  return places
}

function placeText(place: number, bits: number): string {
  return place.toString(16).toUpperCase().padStart(placeWidth(bits), '0')
}

/** Digits of the largest place. */
function placeWidth(bits: number): number {
  return (2 ** bits - 1).toString(16).length
}
