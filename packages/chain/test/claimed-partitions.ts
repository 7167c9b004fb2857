/** Providers with any number of partitions, whose proofs are taken on their word. */
import type { Signer } from '@granary/protocol/messages'
import type { ChainParams } from '@granary/protocol/records'
import { accountView, type Verifiers } from '../src/state/index.ts'
import { claimedPoRep, claimedProofs, claimedSector } from './claimed-proofs.ts'
import { createTestChain, fund, registerProvider, type TestChain } from './test-chain.ts'

const LANES = 32
const PRE_COMMITS_AT_ONCE = 16
const PROOFS_A_BLOCK = 40

export interface ClaimedPartitions {
  readonly chain: TestChain
  readonly owner: Signer
  readonly provider: number
}

const shortParams: Partial<ChainParams> = {
  cutoff: 2,
  faultMaxAge: 1_000,
  declaredFaultFee: 5,
  missedProofFee: 20,
  terminationFee: 200,
  seedDelay: 2,
  commitExpiry: 40,
  ticketMaxAge: 60,
  postSamples: 1,
}

/** @param sectors of each partition */
export function createClaimedPartitions(
  partitions: number,
  sectors: number,
  params: Partial<ChainParams> = {},
  verifiers: Verifiers = claimedProofs,
): ClaimedPartitions {
  const chain = createTestChain({
    verifiers,
    recounts: false,
    params: { ...shortParams, partitionSectorsMax: sectors, ...params },
  })
  return addClaimedPartitions(chain, fund(chain, 3), partitions, sectors)
}

/** Of a new provider; what is proven takes a block for each {@link PROOFS_A_BLOCK}, within `cutoff` of which nothing is asked. */
export function addClaimedPartitions(
  chain: TestChain,
  owner: Signer,
  partitions: number,
  sectors: number,
): ClaimedPartitions {
  const provider = registerProvider(chain, owner)
  const numbers = Array.from({ length: partitions * sectors }, (_, number) => number)
  const expiry = chain.height + 1 + chain.genesis.params.commitExpiry + 5_000
  for (let first = 0; first < numbers.length; first += PRE_COMMITS_AT_ONCE) {
    const batch = numbers
      .slice(first, first + PRE_COMMITS_AT_ONCE)
      .map((number) => claimedSector(chain, { number, deals: [], expiry, pieceCids: [] }))
    chain.does(owner, 'PreCommitSectors', { provider, sectors: batch })
  }
  chain.advance(chain.genesis.params.seedDelay)
  for (let first = 0; first < numbers.length; first += PROOFS_A_BLOCK) {
    proveAll(chain, { owner, provider, numbers: numbers.slice(first, first + PROOFS_A_BLOCK) })
  }
  return { chain, owner, provider }
}

function proveAll(
  chain: TestChain,
  { owner, provider, numbers }: { readonly owner: Signer; readonly provider: number; readonly numbers: number[] },
): void {
  const { sequences } = accountView(chain.state, owner.address)
  const proofs = numbers.map((number, index) => {
    const lane = index % LANES
    const sequence = (sequences[lane] ?? 0) + Math.floor(index / LANES)
    return chain.sign(owner, 'ProveCommitSector', { provider, number, bundle: claimedPoRep() }, { lane, sequence })
  })
  const { results } = chain.produce(proofs)
  const proven = results.filter(({ kind, code }) => kind === 'ProveCommitSector' && code === 'OK')
  if (proven.length !== numbers.length) throw new Error(`${proven.length} of ${numbers.length} sectors were proven`)
}
