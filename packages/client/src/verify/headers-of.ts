/** Which headers are those of a chain that is believed: one validator signs them itself; many vote, and agree by CometBFT. */
import type { ChainClient } from '@granary/protocol/client'
import { embeddedHeaderVerifier, type HeaderVerifier } from '@granary/protocol/light'
import type { Clock } from '../ports.ts'
import type { ChainTrust } from './trust-chain.ts'

export interface HeadersPorts {
  readonly chain: Pick<ChainClient, 'block'>
  readonly clock: Pick<Clock, 'nowMs'>
}

export async function headersOf({ chain, clock }: HeadersPorts, believed: ChainTrust): Promise<HeaderVerifier> {
  const { genesisHash, validators } = believed
  if (validators.length === 1) return embeddedHeaderVerifier(believed)
  const { cometHeaderVerifier } = await import('@granary/protocol/comet')
  const trusted = believed.header ?? { validators, timeMs: believed.timeMs }
  return cometHeaderVerifier({ genesisHash, trusted, chain, now: () => clock.nowMs() })
}
