/**
 * Which chain is believed at an address: the one whose genesis was named; else the one that was believed there before; else, the
 * first time, the one that the node shows. docs/adr/0054 has the argument. Of the genesis only its hash is believed: what it
 * says, the keys of the validators above all, has to have that hash.
 */
import type { ChainClient } from '@granary/protocol/client'
import type { BelievedChain, SeenHeader } from '@granary/protocol/light'
import type { Hash } from '@granary/protocol/messages'
import { genesisHash as hashOfGenesis } from '@granary/protocol/records'
import type { CallOptions } from '../call-options.ts'
import type { TrustStore } from '../ports.ts'
import { GenesisMismatchError } from './errors.ts'

/**
 * What the trust in a chain rests on: `named`, its genesis hash was given; `kept`, it is the chain that was believed before at
 * this address; `first-use`, the node itself has said so, and nothing else.
 */
export type TrustBasis = 'named' | 'kept' | 'first-use'

/** What is believed before anything is proven: a genesis, from its time on; or a header that was named, or verified earlier. */
export interface ChainTrust extends BelievedChain {
  readonly blockTimeMs: number
  readonly basis: TrustBasis
}

export interface TrustChainInput {
  readonly chain: ChainClient
  readonly trust: TrustStore
  readonly genesisHash: Hash | undefined
  /** Goes before the one that is kept. */
  readonly header: SeenHeader | undefined
}

/** @throws GenesisMismatchError, TrustInvalidError */
export async function trustChain(
  { chain, trust, genesisHash, header }: TrustChainInput,
  options: CallOptions,
): Promise<ChainTrust> {
  const kept = await trust.read(chain.url)
  const { genesisHash: found } = await chain.status(options)
  const expected = genesisHash ?? kept?.genesisHash ?? found
  if (found !== expected) throw new GenesisMismatchError(chain.url, expected, found)
  const basis = genesisHash !== undefined ? 'named' : kept !== undefined ? 'kept' : 'first-use'
  if (kept?.genesisHash === expected) {
    const { validators, blockTimeMs, header: newest } = kept
    return { genesisHash: expected, validators, blockTimeMs, from: header ?? newest, basis }
  }
  const genesis = await chain.genesis(options)
  const shown = hashOfGenesis(genesis)
  if (shown !== expected) throw new GenesisMismatchError(chain.url, expected, shown)
  const { validators, blockTimeMs, timeMs } = genesis
  return { genesisHash: expected, validators, blockTimeMs, from: header ?? { timeMs }, basis }
}
