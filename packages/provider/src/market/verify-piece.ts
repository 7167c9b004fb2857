/**
 * The provider believes nothing about an upload: it hashes every block of the CAR against its CID and recomputes the
 * piece commitment over the same bytes, in one reading of the file and in bounded memory.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { GranaryError } from '@granary/base'
import { CarInvalidError, sectionBytesMax, verifyCar } from '@granary/content'
import { createKernelPieceHasher, type KernelPieceHasher } from '@granary/proofs/piece/node'
import { pieceCidV2 } from '@granary/proofs/verify'

export class PieceMismatchError extends GranaryError {
  constructor(what: string, actual: string | number, expected: string | number) {
    super({
      code: 'PIECE_MISMATCH',
      message: `${what} is ${actual}, the terms say ${expected}`,
      hint: 'send the CAR that was quoted, or terms that name what was sent',
      details: { what, actual, expected },
    })
  }
}

export interface ExpectedPiece {
  readonly pieceCid: string
  /** Padded. */
  readonly pieceSize: number
  readonly payloadSize: number
  /** Undefined: the payload may be any bytes. */
  readonly rootCid: string | undefined
}

const READ_BYTES = 512 * 1024
/** Who reads a CAR holds what a block is in, and the part that it begins in. */
const PARTS = sectionBytesMax / READ_BYTES + 2

/** @throws CarInvalidError CAR_INVALID, CarRootMismatchError CAR_ROOT_MISMATCH, PieceMismatchError */
export async function verifyPiece(path: string, expected: ExpectedPiece): Promise<void> {
  const hasher = createKernelPieceHasher()
  await using file = await open(path)
  const bytes = hashed(file, hasher)
  if (expected.rootCid === undefined) await drain(bytes)
  // A CAR of a part of a larger file may lack the root's block; one without any block would be a deal for nothing.
  else if ((await drain(verifyCar(bytes, { root: expected.rootCid }))) === 0)
    throw new CarInvalidError('empty', 'there is no block in it', { offset: 0 })
  const actual = await hasher.digest()
  if (actual.payloadSize !== expected.payloadSize)
    throw new PieceMismatchError('the payload size', actual.payloadSize, expected.payloadSize)
  // The chain would refuse the deal, after the room was kept for it.
  if (actual.paddedSize !== expected.pieceSize)
    throw new PieceMismatchError('the piece size', actual.paddedSize, expected.pieceSize)
  const pieceCid = pieceCidV2(actual)
  if (pieceCid !== expected.pieceCid) throw new PieceMismatchError('the piece CID', pieceCid, expected.pieceCid)
}

/** Gives the same memory again after so many parts: new memory for each would be garbage faster than it is collected. */
async function* hashed(file: FileHandle, hasher: KernelPieceHasher): AsyncGenerator<Uint8Array> {
  const memory = new Uint8Array(PARTS * READ_BYTES)
  for (let at = 0; ; at = (at + READ_BYTES) % memory.length) {
    const { bytesRead } = await file.read(memory, at, READ_BYTES)
    if (bytesRead === 0) return
    const bytes = memory.subarray(at, at + bytesRead)
    await hasher.write(bytes)
    yield bytes
  }
}

async function drain(source: AsyncIterable<unknown>): Promise<number> {
  let items = 0
  for await (const _ of source) items += 1
  return items
}
