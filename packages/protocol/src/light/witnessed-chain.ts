/**
 * A chain by a node whose headers are held against those of others, its witnesses. Before anything is sent, and with each proof, one
 * of them at least has to show the same: where two show different headers of a height nothing is sent any more, and both are kept.
 */
import { GranaryError, isAbortError, sleep } from '@granary/base'
import type { BlockView, ProofView } from '../chain-api/answers.ts'
import { type CallOptions, ChainBehindError, type ChainClient } from '../client/index.ts'

/** What a node has shown, with the votes for it: whose keys have signed two headers of a height is proven by both of them. */
export interface ShownHeader {
  readonly url: string
  readonly header: string
  readonly signature: string
}

/** CHAIN_DIVERGES */
export class ChainDivergesError extends GranaryError {
  constructor(height: number, shown: readonly [ShownHeader, ShownHeader]) {
    const [one, other] = shown.map(({ url }) => url)
    super({
      code: 'CHAIN_DIVERGES',
      message: `${one} and ${other} show two headers of block ${height}: nothing is sent`,
      hint: 'ask who runs the network which of the two is of its chain, and name nodes of that one alone; with --json both headers are kept',
      details: { height, shown },
    })
  }
}

/** A witness that is further behind says nothing of what is new. */
const BEHIND_MS_MAX = 60_000
/** Nodes have a block at about the same time: one that has it not yet is asked again. */
const ASKED_AGAIN_MS = 250
const ASKED_MAX = 20

/** @param witnesses clients of other nodes of the same chain; none: the chain as it is */
export function witnessedChain(chain: ChainClient, witnesses: readonly ChainClient[]): ChainClient {
  if (witnesses.length === 0) return chain
  let diverged: ChainDivergesError | undefined

  /** @throws the witness's error where none of them can be asked */
  async function witnessed(look: (witness: ChainClient) => Promise<void>): Promise<void> {
    if (diverged !== undefined) throw diverged
    const looks = await Promise.allSettled(witnesses.map(look))
    const reasons = looks.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
    const grave = reasons.find((reason) => isAbortError(reason) || (GranaryError.is(reason) && !reason.retryable))
    if (grave instanceof ChainDivergesError) diverged = grave
    if (grave !== undefined || reasons.length === witnesses.length) throw grave ?? reasons[0]
  }

  function assertSame(height: number, own: Shown, witness: ChainClient, other: Shown): void {
    if (own.header === other.header) return
    throw new ChainDivergesError(height, [
      { url: chain.url, ...own },
      { url: witness.url, ...other },
    ])
  }

  async function assertSameHead(options?: CallOptions): Promise<void> {
    const head = await chain.status(options)
    await witnessed(async (witness) => {
      const theirs = await witness.status(options)
      if (theirs.timeMs < head.timeMs - BEHIND_MS_MAX)
        throw new ChainBehindError(witness.url, theirs.height, head.height)
      const height = Math.min(head.height, theirs.height)
      const [own, other] = await Promise.all([chain.block(height, options), witness.block(height, options)])
      assertSame(height, shownBy(own), witness, shownBy(other))
    })
  }

  const watched: Pick<ChainClient, 'submit' | 'proof'> = {
    async submit(bytes, options) {
      await assertSameHead(options)
      return await chain.submit(bytes, options)
    },
    async proof(key, options) {
      const view: ProofView = await chain.proof(key, options)
      const height = view.stateHeight + 1
      const { header, signature } = view
      await witnessed(async (witness) =>
        assertSame(height, { header, signature }, witness, await shownAt(witness, height, options)),
      )
      return view
    },
  }
  // What is not watched is the chain's, as it is at the time: its height moves.
  return Object.assign(Object.create(chain) as ChainClient, watched)
}

type Shown = Omit<ShownHeader, 'url'>

async function shownAt(witness: ChainClient, height: number, options?: CallOptions): Promise<Shown> {
  for (let asked = 1; ; asked++) {
    try {
      return shownBy(await witness.block(height, options))
    } catch (error) {
      if (!GranaryError.is(error) || error.code !== 'BLOCK_NOT_FOUND') throw error
      if (asked === ASKED_MAX) throw new ChainBehindError(witness.url, witness.height, height, error)
      await sleep(ASKED_AGAIN_MS, options?.signal)
    }
  }
}

function shownBy({ headerBytes, signature }: BlockView): Shown {
  return { header: headerBytes, signature }
}
