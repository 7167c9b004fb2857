/** What is said to a peer that asks by bitswap: as much of it as goes into one message, encoded, on the thread that reads. */
import { parseCid } from '@granary/content'
import type { CID } from 'multiformats/cid'
import { type BitswapAnswer, encodeAnswer, type Want } from './bitswap-message.ts'
import type { AnsweredWants } from './dag-calls.ts'
import type { DagReader } from './dag-reader.ts'
import type { PieceBlocks } from './piece-blocks.ts'

export interface WantSources {
  readonly block: DagReader['block']
  readonly has: PieceBlocks['has']
  /** Of a block that nobody looks at any more. */
  readonly giveBack: (bytes: Uint8Array) => void
}

/** With so many bytes a message is full. */
const MESSAGE_BYTES = 512 * 1024
/** Peers take messages of 4 MiB: a block that does not fit into one is had by HTTP alone. */
const BLOCK_BYTES_MAX = 4 * 1024 * 1024 - 1024

export async function answerWants(
  wants: readonly Want[],
  sources: WantSources,
  signal: AbortSignal,
): Promise<AnsweredWants> {
  const blocks: { cid: CID; bytes: Uint8Array }[] = []
  const presences: { cid: CID; isHere: boolean }[] = []
  let bytes = 0
  let answered = 0
  for (const want of wants) {
    const cid = parseCid(want.cid)
    const block = want.isBlock ? await blockUnder(want.cid, sources, signal) : undefined
    if (block !== undefined && bytes > 0 && bytes + block.length > BLOCK_BYTES_MAX) {
      sources.giveBack(block)
      break
    }
    answered += 1
    if (block !== undefined) blocks.push({ cid, bytes: block })
    else {
      const isHere = !want.isBlock && sources.has(cid)
      if (isHere || want.isToldOfMissing) presences.push({ cid, isHere })
    }
    bytes += block?.length ?? 0
    if (bytes >= MESSAGE_BYTES) break
  }
  const answer: BitswapAnswer = { blocks, presences }
  const encoded = encodeAnswer(answer)
  for (const block of blocks) sources.giveBack(block.bytes)
  return {
    bytes: encoded,
    answered,
    served: blocks.map(({ cid, bytes }) => ({ cid: cid.toString(), bytes: bytes.length })),
  }
}

/** To bitswap, a block that fails its hash is one that is not here: peers hear so at once and ask elsewhere. */
async function blockUnder(
  cid: string,
  { block, giveBack }: WantSources,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  try {
    const bytes = await block(cid, { signal })
    if (bytes.length <= BLOCK_BYTES_MAX) return bytes
    giveBack(bytes)
  } catch {
    signal.throwIfAborted()
  }
  return undefined
}
