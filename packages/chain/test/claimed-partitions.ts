/** One provider with any number of partitions, whose proofs are taken on its word. */
import type { Signer } from '../src/messages/index.ts'
import { accountView, type ChainParams } from '../src/state/index.ts'
import { claimedPoRep, claimedProofs, claimedSector } from './claimed-proofs.ts'
import { createTestChain, fund, registerProvider, type TestChain } from './test-chain.ts'

const LANES = 32

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
): ClaimedPartitions {
  const chain = createTestChain({
    verifiers: claimedProofs,
    recounts: false,
    params: { ...shortParams, partitionSectorsMax: sectors, ...params },
  })
  const owner = fund(chain, 3)
  const provider = registerProvider(chain, owner)
  const numbers = Array.from({ length: partitions * sectors }, (_, number) => number)
  const expiry = chain.height + 1 + chain.genesis.params.commitExpiry + 5_000
  for (let first = 0; first < numbers.length; first += 256) {
    const batch = numbers
      .slice(first, first + 256)
      .map((number) => claimedSector(chain, { number, deals: [], expiry, pieceCids: [] }))
    chain.does(owner, 'PreCommitSectors', { provider, sectors: batch })
  }
  chain.advance(chain.genesis.params.seedDelay)
  // A partition whose challenge is open takes no sector: all of them are proven in one block.
  const proofs = numbers.map((number) =>
    chain.sign(
      owner,
      'ProveCommitSector',
      { provider, number, bundle: claimedPoRep() },
      { lane: number % LANES, sequence: nextSequence(chain, owner, number % LANES) + Math.floor(number / LANES) },
    ),
  )
  const { results } = chain.produce(proofs)
  const proven = results.filter(({ kind, code }) => kind === 'ProveCommitSector' && code === 'OK')
  if (proven.length !== numbers.length) throw new Error(`${proven.length} of ${numbers.length} sectors were proven`)
  return { chain, owner, provider }
}

function nextSequence(chain: TestChain, { address }: Signer, lane: number): number {
  return accountView(chain.state, address).sequences[lane] ?? 0
}
