/**
 * The state of the chain as its validators have signed it, whoever runs the node that is asked. Believed is the genesis alone, whose
 * hash this home has kept since it first met its chain.
 */
import { GranaryError } from '@granary/base'
import type { ChainClient } from '@granary/protocol/client'
import { createLightClient, embeddedHeaderVerifier, type LightClient, type ProvenState } from '@granary/protocol/light'
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
  readonly chain: Pick<ChainClient, 'url' | 'genesis' | 'proof'>
  readonly genesisHash: Hash
}

/** Much is looked up at a time: in one state. */
const STATE_MS = 250

export function createSignedState({ chain, genesisHash }: SignedStateInput): SignedState {
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
    const { validators } = await genesis(signal)
    light ??= createLightClient({ chain, headers: embeddedHeaderVerifier({ genesisHash, validators }) })
    return light
  }

  return {
    url: chain.url,
    newest: async (signal) => {
      if (newest !== undefined && performance.now() - newest.atMs < STATE_MS) return await newest.state
      const { newest: read } = await open(signal)
      const state = read({ signal })
      newest = { state, atMs: performance.now() }
      state.catch(() => {
        newest = undefined
      })
      return await state
    },
    blockTimeMs: async (signal) => (await genesis(signal)).blockTimeMs,
  }
}
