/** A client, and a provider whose proofs are taken on its word: deals, sectors and answers in a line each. */
import type { DealTerms, MessageBodies, Signer, TransactionName } from '@granary/protocol/messages'
import type { ChainParams } from '@granary/protocol/records'
import { sectorView } from '../src/state/index.ts'
import { claimedAnswer, claimedPiece, claimedPoRep, claimedProofs, claimedSector } from './claimed-proofs.ts'
import {
  createTestChain,
  fund,
  publishedIn,
  registerProvider,
  signTerms,
  type TestChain,
  termsFor,
} from './test-chain.ts'
import { wholePartitions } from './whole-partitions.ts'

export interface ClaimedFarm {
  readonly chain: TestChain
  readonly client: Signer
  readonly owner: Signer
  readonly provider: number
  /** A deal in a sector of its own, proven. @returns its number, which is that of the sector plus one */
  store(given?: Partial<DealTerms>): number
  /** Blocks, with the answers that are asked for in each. */
  prove(blocks: number): void
  /** The code that a message would have in the next block. */
  codeOf<N extends TransactionName>(signer: Signer, kind: N, body: MessageBodies[N]): string
}

export function createClaimedFarm(params: Partial<ChainParams> = {}): ClaimedFarm {
  const chain = createTestChain({ verifiers: claimedProofs, params: { ...shortParams, ...params } })
  const client = fund(chain, 2)
  const owner = fund(chain, 3)
  const provider = registerProvider(chain, owner)
  let stored = 0
  return {
    chain,
    client,
    owner,
    provider,
    store: (given = {}) => {
      const number = stored++
      const piece = claimedPiece(number)
      const terms = termsFor(chain, client.address, provider, {
        ...piece,
        nonce: BigInt(number),
        duration: 60,
        ...given,
      })
      const deals = [{ terms, providerSignature: signTerms(chain, owner, terms) }]
      const { events } = chain.does(client, 'PublishDeal', { deals })
      const deal = publishedIn(events)[0]!
      const expiry = chain.height + 1 + chain.genesis.params.commitExpiry + terms.duration
      const sector = claimedSector(chain, { number, deals: [deal], expiry, pieceCids: [piece.pieceCid] })
      chain.does(owner, 'PreCommitSectors', { provider, sectors: [sector] })
      while (sectorView(chain.state, provider, number)!.seed === undefined) chain.produce()
      chain.does(owner, 'ProveCommitSector', { provider, number, bundle: claimedPoRep() })
      return deal
    },
    prove: (blocks) => {
      for (let block = 0; block < blocks; block++) {
        const answers = wholePartitions(chain.state, provider, undefined, 10).flatMap(({ number }) => {
          const body = claimedAnswer(chain, provider, number)
          return body === undefined ? [] : [chain.sign(owner, 'SubmitPost', body, { lane: 9 + number })]
        })
        chain.produce(answers)
      }
    },
    codeOf: (signer, kind, body) => chain.machine.checkTx(chain.sign(signer, kind, body), 0).code,
  }
}

const shortParams: Partial<ChainParams> = {
  provingPeriod: 10,
  cutoff: 2,
  faultGrace: 12,
  faultMaxAge: 40,
  declaredFaultFee: 5,
  missedProofFee: 20,
  terminationFee: 200,
  seedDelay: 2,
  commitExpiry: 12,
  ticketMaxAge: 30,
  dealDurationMin: 5,
  dealDurationMax: 1_000,
  activateWithinMin: 3,
  postSamples: 2,
}
