/** A provider with one partition of any size whose proofs are taken on its word, challenged as often as a test likes. */
import { fromHex } from '@granary/base'
import { profileNamed } from '@granary/proofs/profile'
import { drawSamples } from '@granary/proofs/verify'
import type { ChallengeView, ProviderView } from '@granary/protocol/client'
import type { MessageBodies, Signer, TransactionName } from '@granary/protocol/messages'
import type { ChainParams } from '@granary/protocol/records'
import { providerView } from '../src/state/index.ts'
import type { TxResult } from '../src/state/machine/execute-tx.ts'
import { claimedAnswer, claimedPiece, claimedPoRep, claimedProofs, claimedSector } from './claimed-proofs.ts'
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
import { PROFILE } from './test-sealer.ts'
import { type WholePartition, wholePartitions } from './whole-partitions.ts'

export interface ClaimedPartition {
  readonly chain: TestChain
  readonly owner: Signer
  readonly client: Signer
  readonly provider: number
  /** Of the sectors with a deal, which are the first. */
  readonly deals: readonly number[]
  view(): WholePartition
  collateral(): ProviderView['collateral']
  /** Blocks until a challenge is open. */
  untilChallenged(): ChallengeView
  /** Positions of the open challenge's list with a sample on them. */
  sampled(): number[]
  answerBody(skipped?: readonly number[]): MessageBodies['SubmitPost']
  answer(skipped?: readonly number[]): TxResult
  /** What a node says before a block. */
  code<N extends TransactionName>(kind: N, body: MessageBodies[N], signer?: Signer): string
  does<N extends TransactionName>(kind: N, body: MessageBodies[N], signer?: Signer): TxResult
}

export interface ClaimedPartitionOptions {
  readonly sectors: number
  /** Price an epoch of a deal in each of the first sectors. */
  readonly prices?: readonly bigint[]
  /** Epochs from the pre-commit's last block. @default 1,000 */
  readonly lasts?: number
  readonly dealEpochs?: number
  readonly params?: Partial<ChainParams>
}

const COMMIT_EXPIRY = 40
const PRE_COMMIT_MAX = 64
const PROOFS_A_BLOCK = 32

/** Proven once. */
export function createClaimedPartition(options: ClaimedPartitionOptions): ClaimedPartition {
  const { sectors, prices = [], lasts = 1_000, dealEpochs = 500 } = options
  const chain = createTestChain({
    verifiers: claimedProofs,
    recounts: sectors < 32,
    params: {
      provingPeriod: 10,
      postSamples: 80,
      slotPartitionsMax: 4,
      cutoff: 2,
      faultMaxAge: 30,
      faultGrace: 20,
      declaredFaultFee: 5,
      missedProofFee: 20,
      terminationFee: 200,
      seedDelay: 2,
      commitExpiry: COMMIT_EXPIRY,
      ticketMaxAge: 60,
      dealDurationMin: 5,
      dealDurationMax: 2_000,
      activateWithinMin: 3,
      profiles: profilesWith({ '2KiB-test': 5 }),
      ...options.params,
    },
  })
  const client = fund(chain, 2)
  const owner = fund(chain, 3)
  const provider = registerProvider(chain, owner)
  const deals = publishDeals(chain, client, owner, provider, prices, dealEpochs)
  const expiry = chain.height + 1 + COMMIT_EXPIRY + lasts
  for (let first = 0; first < sectors; first += PRE_COMMIT_MAX) {
    const count = Math.min(PRE_COMMIT_MAX, sectors - first)
    const list = Array.from({ length: count }, (_, index) => {
      const deal = deals[first + index]
      const pieceCids = deal === undefined ? [] : [claimedPiece(first + index).pieceCid]
      return claimedSector(chain, { number: first + index, deals: deal === undefined ? [] : [deal], expiry, pieceCids })
    })
    chain.does(owner, 'PreCommitSectors', { provider, sectors: list })
  }
  const view = (): WholePartition => wholePartitions(chain.state, provider, undefined, 1)[0]!
  const self: ClaimedPartition = {
    chain,
    owner,
    client,
    provider,
    deals,
    view,
    collateral: () => providerView(chain.state, provider)!.collateral,
    untilChallenged: () => {
      while (view().challenge === undefined) chain.produce()
      return view().challenge!
    },
    sampled: () => {
      const { randomness, count, sectors: list } = view().challenge!
      const challenge = { profile: profileNamed(PROFILE), provider, partition: 0, count }
      const samples = drawSamples({ ...challenge, randomness: fromHex(randomness) }, list.length)
      return samples.map(({ position }) => position)
    },
    answerBody: (skipped = []) => claimedAnswer(chain, provider, 0, true, skipped)!,
    answer: (skipped) => self.does('SubmitPost', self.answerBody(skipped)),
    code: (kind, body, signer = owner) => chain.machine.checkTx(chain.sign(signer, kind, body, { lane: 9 }), 0).code,
    does: (kind, body, signer = owner) => chain.does(signer, kind, body, { lane: 9 }),
  }
  chain.advance(chain.genesis.params.seedDelay)
  const waiting = new Set(Array.from({ length: sectors }, (_, number) => number))
  while (waiting.size > 0) {
    // A list that is under challenge is answered first, so that what joins is in the next one.
    while (view()?.challenge !== undefined) self.answer()
    const proofs = [...waiting].slice(0, PROOFS_A_BLOCK).map((number, lane) => {
      return chain.sign(owner, 'ProveCommitSector', { provider, number, bundle: claimedPoRep() }, { lane })
    })
    const { results } = chain.produce(proofs)
    for (const event of results.flatMap(({ events }) => events)) {
      if (event.type === 'sector:proven') waiting.delete(event.sector)
    }
  }
  if (view().sectors.length !== sectors) throw new Error(`${view().sectors.length} of ${sectors} sectors are proven`)
  // The first answers count from the activation of them all.
  while (view().power < sectors * profileNamed(PROFILE).sectorBytes) {
    self.untilChallenged()
    self.answer()
  }
  return self
}

function publishDeals(
  chain: TestChain,
  client: Signer,
  owner: Signer,
  provider: number,
  prices: readonly bigint[],
  duration: number,
): number[] {
  return prices.map((pricePerEpoch, index) => {
    const given = { ...claimedPiece(index), pricePerEpoch, nonce: BigInt(index + 1), duration }
    const providerCollateral = pricePerEpoch * BigInt(duration)
    const terms = termsFor(chain, client.address, provider, { ...given, providerCollateral })
    const signed = [{ terms, providerSignature: signTerms(chain, owner, terms) }]
    const { events } = chain.does(client, 'PublishDeal', { deals: signed })
    return publishedIn(events)[0]!
  })
}
