/** The usual cast of a test: a client with money, a provider with collateral, real sectors in a folder of its own. */
import type { DealTerms, Signer } from '@granary/protocol/messages'
import type { ChainParams } from '@granary/protocol/records'
import { sectorView } from '../src/state/index.ts'
import { profilesWith } from './profiles-with.ts'
import {
  createTestChain,
  fund,
  publishedIn,
  registerProvider,
  signTerms,
  type TestChain,
  termsFor,
} from './test-chain.ts'
import { createTestSealer, PROFILE, type TestPiece, type TestSealer } from './test-sealer.ts'
import { wholePartitions } from './whole-partitions.ts'

export interface Market {
  readonly chain: TestChain
  readonly client: Signer
  readonly owner: Signer
  readonly provider: number
  readonly sealer: TestSealer
  /** @returns the deal's id */
  publish(piece: TestPiece, given?: Partial<DealTerms>): number
  /** Seals and pre-commits; `expiry` as late as its deals need. */
  preCommit(number: number, pieces: readonly TestPiece[], deals: readonly number[]): Promise<void>
  /** preCommit, then the proof, in the first block that takes it. */
  activate(number: number, pieces: readonly TestPiece[], deals: readonly number[]): Promise<void>
}

/** Short periods, so that a life of a deal takes a hundred blocks. */
const shortParams: Partial<ChainParams> = {
  provingPeriod: 10,
  cutoff: 2,
  faultGrace: 10,
  faultMaxAge: 30,
  declaredFaultFee: 5,
  missedProofFee: 20,
  terminationFee: 200,
  seedDelay: 2,
  commitExpiry: 12,
  ticketMaxAge: 30,
  dealDurationMin: 5,
  dealDurationMax: 1_000,
  activateWithinMin: 3,
  profiles: profilesWith({ '2KiB-test': 5, '8MiB-dev': 5, '512MiB': 28, '4GiB': 220, '32GiB': 1_800, '64GiB': 3_600 }),
}

export function createMarket(folder: string, params: Partial<ChainParams> = {}): Market {
  const chain = createTestChain({ params: { ...shortParams, ...params } })
  const client = fund(chain, 2)
  const owner = fund(chain, 3)
  const provider = registerProvider(chain, owner)
  const sealer = createTestSealer(chain, provider, owner, folder)
  let nonce = 0n

  async function preCommit(number: number, pieces: readonly TestPiece[], deals: readonly number[]): Promise<void> {
    const ticketEpoch = chain.height
    const { commD, commR } = await sealer.seal(number, ticketEpoch, pieces)
    const expiry = chain.height + 1 + chain.genesis.params.commitExpiry + 60
    const sector = { number, profile: PROFILE, commD, commR, ticketEpoch, deals, expiry }
    chain.does(owner, 'PreCommitSectors', { provider, sectors: [sector] })
  }

  return {
    chain,
    client,
    owner,
    provider,
    sealer,
    preCommit,
    publish: (piece, given = {}) => {
      nonce += 1n
      const terms = termsFor(chain, client.address, provider, {
        pieceCid: piece.pieceCid,
        pieceSize: piece.paddedSize,
        payloadSize: piece.payloadSize,
        duration: 60,
        activateWithin: 10,
        nonce,
        ...given,
      })
      const providerSignature = signTerms(chain, owner, terms)
      const { events } = chain.does(client, 'PublishDeal', { deals: [{ terms, providerSignature }] })
      return publishedIn(events)[0]!
    },
    activate: async (number, pieces, deals) => {
      await preCommit(number, pieces, deals)
      chain.advanceTo(sectorView(chain.state, provider, number)!.seedEpoch!)
      // While a challenge is open its partition takes no sectors.
      const isChallenged = () =>
        wholePartitions(chain.state, provider, undefined, 100).some(({ challenge }) => challenge !== undefined)
      while (isChallenged()) await sealer.answer()
      const bundle = await sealer.proveSector(number)
      chain.does(owner, 'ProveCommitSector', { provider, number, bundle })
    },
  }
}
