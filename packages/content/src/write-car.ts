/**
 * DAG → CAR: version 1, one root, depth-first, no duplicate blocks. The same DAG gives the same bytes everywhere.
 * https://ipld.io/specs/transport/car/carv1/
 */
import { varint } from 'multiformats'
import type { CID } from 'multiformats/cid'
import { encodeCarHeader } from './car-header.ts'
import { type BlockReader, concat, type ReadOptions } from './store.ts'
import { type Block, walkDag } from './walk-dag.ts'

export async function* writeCar(root: CID, store: BlockReader, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
  yield carHeader([root])
  for await (const block of walkDag(root, store, options)) yield* carSection(block)
}

export function carHeader(roots: readonly CID[]): Uint8Array {
  const header = encodeCarHeader(roots)
  return concat([encodeVarint(header.length), header])
}

/** A block's section in two parts, so that the block itself is not copied. */
export function* carSection({ cid, bytes }: Block): Generator<Uint8Array> {
  yield sectionHead({ cid, blockBytes: bytes.length })
  if (bytes.length > 0) yield bytes
}

/** What a block's section has before its bytes. */
export function sectionHead({ cid, blockBytes }: { readonly cid: CID; readonly blockBytes: number }): Uint8Array {
  return concat([encodeVarint(cid.bytes.length + blockBytes), cid.bytes])
}

function encodeVarint(value: number): Uint8Array {
  return varint.encodeTo(value, new Uint8Array(varint.encodingLength(value)))
}

/** Bytes of a block's section. */
export function sectionBytes({ cid, blockBytes }: { readonly cid: CID; readonly blockBytes: number }): number {
  const bytes = cid.bytes.length + blockBytes
  return varint.encodingLength(bytes) + bytes
}
