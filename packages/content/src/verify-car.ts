/** Every block of a CAR hashed against its CID, and where each one is: what an index is made of. */
import { GranaryError, letGo } from '@granary/base'
import { CID } from 'multiformats/cid'
import { parseCid } from './cid-key.ts'
import { CarInvalidError, parseCar } from './parse-car.ts'
import type { ReadOptions } from './store.ts'
import { verifyBlock } from './verify-block.ts'

export interface CarEntry {
  readonly cid: CID
  /** Where the block's bytes begin in the CAR. */
  readonly offset: number
  readonly length: number
}

export interface VerifyCarOptions extends ReadOptions {
  /** The CAR's header must name this root. @default any roots, also none */
  readonly root?: string | undefined
}

export class CarRootMismatchError extends GranaryError {
  constructor(expected: string, roots: readonly CID[]) {
    const names = roots.length === 0 ? 'no root' : roots.join(', ')
    super({
      code: 'CAR_ROOT_MISMATCH',
      message: `the CAR's header names ${names}, not ${expected}`,
      hint: 'send the CAR of that root, or name the root of this CAR',
      details: { expected, roots: roots.map(String) },
    })
  }
}

/**
 * Gives an entry for each block, in order, once it has been hashed: nothing is known of the CAR before the end.
 * Memory holds one block.
 * @throws CarInvalidError CAR_INVALID with `details` { reason, block, cid, offset }
 * @throws CarRootMismatchError CAR_ROOT_MISMATCH
 */
export async function* verifyCar(
  source: AsyncIterable<Uint8Array>,
  options: VerifyCarOptions = {},
): AsyncGenerator<CarEntry> {
  const expected = options.root === undefined ? undefined : parseCid(options.root)
  const given = new WeakSet<ArrayBufferLike>()
  const { roots, blocks } = await parseCar(noting(source, given))
  if (expected !== undefined && !roots.some((root) => root.toV1().equals(expected.toV1()))) {
    await blocks.return(undefined)
    throw new CarRootMismatchError(expected.toString(), roots)
  }
  let block = 0
  for await (const { cid, bytes, offset } of blocks) {
    options.signal?.throwIfAborted()
    await verifyBlock(cid, bytes).catch((cause: unknown) => {
      const why = Error.isError(cause) ? cause.message : String(cause)
      throw new CarInvalidError('hash', why, { offset, block, cid }, cause)
    })
    const entry = { cid: CID.decode(cid.bytes.slice()), offset, length: bytes.length }
    // A block that stood in several parts was put together here, and nobody else has seen that memory.
    if (!given.has(bytes.buffer)) letGo(new Uint8Array(bytes.buffer))
    yield entry
    block += 1
  }
}

async function* noting(source: AsyncIterable<Uint8Array>, given: WeakSet<ArrayBufferLike>): AsyncGenerator<Uint8Array> {
  for await (const bytes of source) {
    given.add(bytes.buffer)
    yield bytes
  }
}
