/**
 * A file out of a CAR from someone who is not trusted: each block is hashed and must be the one that the DAG needs next,
 * so every byte given out is verified. https://specs.ipfs.tech/http-gateways/trustless-gateway/ (order=dfs)
 *
 * A CAR without duplicates has a block once, however often the file uses it. Its bytes of the file are then taken from
 * what has already been given out: from memory as far as `rewindBytesMax` goes, or from where the caller wrote them.
 */
import { GranaryError } from '@granary/base'
import type { CID } from 'multiformats/cid'
import { multihashKey, parseCid } from './cid-key.ts'
import { fileNode } from './file-node.ts'
import { inlineBytes } from './inline.ts'
import { type CarBlock, CarInvalidError, parseCar } from './parse-car.ts'
import type { ReadOptions } from './store.ts'
import { verifyBlock } from './verify-block.ts'

const MIB = 1024 * 1024

export interface VerifiedFileOptions extends ReadOptions {
  /** Reads bytes of the file that were given out before. @default from memory */
  readonly reread?: ((offset: number, length: number) => AsyncIterable<Uint8Array>) | undefined
  /** How much of what was given out stays in memory without `reread`. @default 64 MiB */
  readonly rewindBytesMax?: number | undefined
}

export class CarTruncatedError extends GranaryError {
  constructor(needed: CID, offset: number, cause?: unknown) {
    super({
      code: 'CAR_TRUNCATED',
      message: `the CAR ends before block ${needed}, needed at byte ${offset} of the file`,
      hint: 'the connection broke or the provider lacks this block: try again, or another provider',
      details: { cid: needed.toString(), offset },
      cause,
    })
  }
}

export class CarOrderError extends GranaryError {
  constructor(needed: CID, got: CID, offset: number) {
    super({
      code: 'CAR_ORDER',
      message: `the CAR has block ${got} where the file needs ${needed}, at byte ${offset} of the file`,
      hint: 'ask for the CAR depth-first (order=dfs), or ask another provider',
      details: { needed: needed.toString(), got: got.toString(), offset },
    })
  }
}

export class RewindTooFarError extends GranaryError {
  constructor(offset: number, bytesMax: number) {
    super({
      code: 'REWIND_TOO_FAR',
      message: `the file repeats its bytes from ${offset} on, and only the last ${bytesMax} bytes are kept in memory`,
      hint: 'save to a file, from which it is read back, ask for the CAR with dups=y, or raise rewindBytesMax',
      details: { offset, bytesMax },
    })
  }
}

/** Where in the file the bytes of a part of the DAG are. */
interface Extent {
  readonly start: number
  readonly length: number
}

type Step =
  | { readonly do: 'open'; readonly cid: CID }
  | { readonly do: 'close'; readonly key: string; readonly start: number }

/**
 * @throws BlockHashMismatchError BLOCK_HASH_MISMATCH, CarTruncatedError CAR_TRUNCATED, CarOrderError CAR_ORDER
 * @throws CarInvalidError CAR_INVALID, NotAFileError NOT_A_FILE, RewindTooFarError REWIND_TOO_FAR
 */
export async function* verifiedFile(
  rootCid: string,
  car: AsyncIterable<Uint8Array>,
  options: VerifiedFileOptions = {},
): AsyncGenerator<Uint8Array> {
  const root = parseCid(rootCid)
  const memory = options.reread === undefined ? new Rewind(options.rewindBytesMax ?? 64 * MIB) : undefined
  const reread = options.reread ?? ((offset: number, length: number) => memory!.read(offset, length))
  const source = await BlockSource.open(root, car)
  const done = new Map<string, Extent>()
  const steps: Step[] = [{ do: 'open', cid: root }]
  let position = 0
  try {
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
      options.signal?.throwIfAborted()
      if (step.do === 'close') {
        done.set(step.key, { start: step.start, length: position - step.start })
        continue
      }
      const key = multihashKey(step.cid)
      const extent = done.get(key)
      const start = position
      if (extent !== undefined && !(await source.isNext(key))) {
        for await (const part of reread(extent.start, extent.length)) {
          memory?.keep(part)
          position += part.length
          yield part
        }
        // The later place is the one that stays in memory longer.
        done.set(key, { start, length: extent.length })
        continue
      }
      const { data, children } = fileNode(step.cid, await source.take(step.cid, position))
      if (data.length > 0) {
        memory?.keep(data)
        position += data.length
        yield data
      }
      steps.push({ do: 'close', key, start })
      for (const child of children.toReversed()) steps.push({ do: 'open', cid: child.cid })
    }
  } finally {
    await source.close()
  }
}

/** The blocks of the CAR, one ahead. */
class BlockSource {
  readonly #blocks: AsyncGenerator<CarBlock>
  #ahead: CarBlock | undefined
  #fault: unknown

  private constructor(blocks: AsyncGenerator<CarBlock>) {
    this.#blocks = blocks
  }

  /** The header's roots are not looked at: a gateway may name any, and the blocks prove themselves. */
  static async open(root: CID, car: AsyncIterable<Uint8Array>): Promise<BlockSource> {
    const { blocks } = await parseCar(car).catch((error: unknown) => {
      throw truncatedOr(error, root, 0)
    })
    return new BlockSource(blocks)
  }

  /** True for a block that is sent again, as dups=y does. */
  async isNext(key: string): Promise<boolean> {
    const next = await this.#peek().catch((error: unknown) => {
      // The block at hand is not needed from the CAR; what is wrong behind it matters when more is needed.
      if (error instanceof CarInvalidError) return undefined
      throw error
    })
    return next !== undefined && multihashKey(next.cid) === key
  }

  async take(cid: CID, offset: number): Promise<Uint8Array> {
    const inline = inlineBytes(cid)
    if (inline !== undefined) {
      if (await this.isNext(multihashKey(cid))) this.#ahead = undefined
      return inline
    }
    const next = await this.#peek().catch((error: unknown) => {
      throw truncatedOr(error, cid, offset)
    })
    if (next === undefined) throw new CarTruncatedError(cid, offset)
    this.#ahead = undefined
    if (multihashKey(next.cid) !== multihashKey(cid)) throw new CarOrderError(cid, next.cid, offset)
    await verifyBlock(cid, next.bytes)
    return next.bytes
  }

  async close(): Promise<void> {
    await this.#blocks.return(undefined)
  }

  async #peek(): Promise<CarBlock | undefined> {
    if (this.#fault !== undefined) throw this.#fault
    if (this.#ahead !== undefined) return this.#ahead
    try {
      const next = await this.#blocks.next()
      this.#ahead = next.done ? undefined : next.value
      return this.#ahead
    } catch (error) {
      this.#fault = error
      throw error
    }
  }
}

function truncatedOr(error: unknown, needed: CID, offset: number): unknown {
  if (error instanceof CarInvalidError && error.reason === 'truncated')
    return new CarTruncatedError(needed, offset, error)
  return error
}

/** The last bytes given out. */
class Rewind {
  readonly #bytesMax: number
  #chunks: Uint8Array[] = []
  #start = 0
  #end = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  keep(chunk: Uint8Array): void {
    this.#chunks.push(chunk)
    this.#end += chunk.length
    while (this.#end - this.#start > this.#bytesMax) {
      this.#start += this.#chunks[0]!.length
      this.#chunks.shift()
    }
  }

  async *read(offset: number, length: number): AsyncGenerator<Uint8Array> {
    if (length > 0 && offset < this.#start) throw new RewindTooFarError(offset, this.#bytesMax)
    // Copied, since what is read here is kept again while it is read.
    let at = this.#start
    for (const chunk of this.#chunks.slice()) {
      const part = chunk.subarray(Math.max(0, offset - at), Math.max(0, offset + length - at))
      at += chunk.length
      if (part.length > 0) yield part
    }
  }
}
