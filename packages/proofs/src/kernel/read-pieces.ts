/** The data of a sector as fr32 nodes: pieces at their places, zeros between and after them. */
import { open } from 'node:fs/promises'
import { readExactly } from '../io/read-exactly.ts'
import { padFr32, UNIT_PADDED_BYTES, UNIT_PAYLOAD_BYTES } from '../spec/fr32.ts'
import type { PlacedPiece } from './kernel.ts'

/** @param offset and length in padded bytes, multiples of 128 */
export async function readPieces(pieces: readonly PlacedPiece[], offset: number, length: number): Promise<Uint8Array> {
  const nodes = new Uint8Array(length)
  for (const piece of pieces) {
    const start = Math.max(offset, piece.offset)
    const end = Math.min(offset + length, piece.offset + paddedUnits(piece.payloadSize))
    if (start < end) nodes.set(await readNodes(piece, start - piece.offset, end - start), start - offset)
  }
  return nodes
}

async function readNodes({ path, payloadSize }: PlacedPiece, start: number, length: number): Promise<Uint8Array> {
  const from = payloadIn(start)
  const file = await open(path)
  try {
    return padFr32(await readExactly(file, from, Math.min(payloadSize, payloadIn(start + length)) - from))
  } finally {
    await file.close()
  }
}

function paddedUnits(payloadSize: number): number {
  return Math.ceil(payloadSize / UNIT_PAYLOAD_BYTES) * UNIT_PADDED_BYTES
}

function payloadIn(paddedBytes: number): number {
  return (paddedBytes / UNIT_PADDED_BYTES) * UNIT_PAYLOAD_BYTES
}
