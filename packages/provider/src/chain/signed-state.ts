/**
 * The state of the chain as its validators have signed it, whoever runs the node that is asked. Believed is the genesis, whose hash
 * this home has kept since it first met its chain, and the newest header that was verified since (docs/adr/0107-trust-after-an-absence.md).
 */
import { GranaryError } from '@granary/base'
import type { ChainClient } from '@granary/protocol/client'
import {
  chainHeaders,
  createLightClient,
  type LightClient,
  type ProvenState,
  type SeenHeader,
} from '@granary/protocol/light'
import type { Hash } from '@granary/protocol/messages'
import { type Genesis, genesisHash as hashOfGenesis } from '@granary/protocol/records'

export interface SignedState {
  readonly url: string
  /** The newest that is signed: that of a block before the head. @throws UnprovenError, HeadTooOldError, CHAIN_FOREIGN */
  newest(signal: AbortSignal): Promise<ProvenState>
  /** Of the genesis. @throws CHAIN_FOREIGN */
  blockTimeMs(signal: AbortSignal): Promise<number>
}

export interface SignedStateInput {
  readonly chain: Pick<ChainClient, 'url' | 'genesis' | 'proof' | 'block'>
  readonly genesisHash: Hash
  /** Where trust in votes begins. @default the genesis */
  readonly trusted?: SeenHeader | undefined
  /** A newer one was verified: trust may begin there at the next start. */
  readonly onTrusted?: (header: SeenHeader) => void
}

/** Much is looked up at a time: in one state. */
const STATE_MS = 250

export function createSignedState(input: SignedStateInput): SignedState {
  const { chain, genesisHash, trusted, onTrusted } = input
  let believed: Genesis | undefined
  let light: LightClient | undefined
  let newest: { readonly state: Promise<ProvenState>; readonly atMs: number } | undefined

  async function genesis(signal: AbortSignal): Promise<Genesis> {
    const shown = believed ?? (await chain.genesis({ signal }))
    if (believed === undefined && hashOfGenesis(shown) !== genesisHash)
      throw new GranaryError({
        code: 'CHAIN_FOREIGN',
        message: `${chain.url} shows another genesis than that of this home's chain, ${genesisHash}`,
        hint: 'name a node of the right chain with --chain',
      })
    believed = shown
    return believed
  }

  async function open(signal: AbortSignal): Promise<LightClient> {
    const { validators, timeMs } = await genesis(signal)
    const headers = chainHeaders({ genesisHash, validators, from: trusted ?? { timeMs } }, { chain })
    light ??= createLightClient({ chain, headers })
    return light
  }

  return {
    url: chain.url,
    newest: async (signal) => {
      if (newest !== undefined && performance.now() - newest.atMs < STATE_MS) return await newest.state
      const { newest: read } = await open(signal)
      const state = read({ signal })
      state.then(({ header }) => onTrusted?.({ height: header.height, hash: header.hash })).catch(() => {})
      newest = { state, atMs: performance.now() }
      state.catch(() => {
        newest = undefined
      })
      return await state
    },
    blockTimeMs: async (signal) => (await genesis(signal)).blockTimeMs,
  }
}
