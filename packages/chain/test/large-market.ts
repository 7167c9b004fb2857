/**
 * A market of any number of sectors with a deal each: one provider's partition is made by messages, and its records are
 * written again, through the tables, for as many other providers as are asked for.
 */
import { type Address, hashOf, type Signer } from '@granary/protocol/messages'
import { recount } from '../src/state/index.ts'
import { accountOf, writeAccount, writeProvider } from '../src/state/money/ledger.ts'
import { enterSlot, freeSlot } from '../src/state/proving/slots.ts'
import { writeAppHash } from '../src/state/store/app-hash.ts'
import { createOverlay, type Store } from '../src/state/store/store.ts'
import { tables } from '../src/state/store/tables.ts'
import { claimedPiece, claimedPoRep, claimedProofs, claimedSector } from './claimed-proofs.ts'
import { profilesWith } from './profiles-with.ts'
import {
  createTestChain,
  fund,
  publishedIn,
  registerProvider,
  signTerms,
  type TestChain,
  type TestChainOptions,
  termsFor,
} from './test-chain.ts'

export const PARTITION_SECTORS = 25
const FIRST_PROVIDER = 1_000
const COMMIT_EXPIRY = 12
const DURATION = 45
const PROVIDERS_AT_ONCE = 50

export interface LargeMarket {
  readonly chain: TestChain
  readonly client: Signer
  /** Of all providers: 1000 and those after it, with PARTITION_SECTORS sectors each. */
  readonly owner: Signer
  readonly providers: number
}

export function createLargeMarket(
  sectors: number,
  options: Required<Pick<TestChainOptions, 'state' | 'finalize'>>,
): LargeMarket {
  const { state } = options
  const providers = sectors / PARTITION_SECTORS
  const chain = createTestChain({
    ...options,
    verifiers: claimedProofs,
    recounts: false,
    votes: false,
    params: {
      // A slot for each partition, so that the same number of them is challenged each epoch.
      provingPeriod: providers,
      slotPartitionsMax: 1,
      // A place for one more, so that a sector can be pre-committed where every slot is taken.
      partitionSectorsMax: PARTITION_SECTORS + 1,
      postSamples: 2,
      cutoff: 2,
      faultGrace: 10,
      faultMaxAge: 30,
      declaredFaultFee: 5,
      missedProofFee: 20,
      terminationFee: 200,
      seedDelay: 2,
      commitExpiry: COMMIT_EXPIRY,
      ticketMaxAge: 30,
      dealDurationMin: 5,
      dealDurationMax: 1_000,
      activateWithinMin: 3,
      profiles: profilesWith({ ...chainWindows, '2KiB-test': 5 }),
    },
  })
  const client = fund(chain, 2)
  const owner = fund(chain, 3)
  registerProvider(chain, owner)
  makeSectors(chain, client, owner)
  const first = createOverlay(state)
  const { provider: next, deal } = tables.nextIds.get(first)!
  for (let copy = 1; copy < providers; copy += PROVIDERS_AT_ONCE) {
    const overlay = createOverlay(state)
    for (let id = copy; id < Math.min(providers, copy + PROVIDERS_AT_ONCE); id++) {
      copyProvider(overlay, chain, client.address, next - 1 + id, deal + (id - 1) * PARTITION_SECTORS)
    }
    tables.nextIds.put(overlay, { provider: next + providers, deal: deal + providers * PARTITION_SECTORS })
    writeAppHash(overlay)
    state.commit(overlay.writes())
  }
  recount(state)
  return { chain, client, owner, providers }
}

const chainWindows = { '8MiB-dev': 5, '512MiB': 28, '4GiB': 220, '32GiB': 1_800, '64GiB': 3_600 }

function makeSectors(chain: TestChain, client: Signer, owner: Signer): void {
  const provider = FIRST_PROVIDER
  const numbers = Array.from({ length: PARTITION_SECTORS }, (_, number) => number)
  const deals = numbers.map((number) => {
    const piece = claimedPiece(number)
    const terms = termsFor(chain, client.address, provider, { ...piece, nonce: BigInt(number), duration: DURATION })
    return { terms, providerSignature: signTerms(chain, owner, terms) }
  })
  const published = publishedIn(chain.does(client, 'PublishDeal', { deals }).events)
  const expiry = chain.height + 1 + COMMIT_EXPIRY + DURATION
  const sectors = numbers.map((number) =>
    claimedSector(chain, {
      number,
      deals: [published[number]!],
      expiry,
      pieceCids: [deals[number]!.terms.pieceCid],
    }),
  )
  chain.does(owner, 'PreCommitSectors', { provider, sectors })
  chain.advance(chain.genesis.params.seedDelay)
  const proofs = numbers.map((number) =>
    chain.sign(owner, 'ProveCommitSector', { provider, number, bundle: claimedPoRep() }, { lane: number }),
  )
  const { results } = chain.produce(proofs)
  if (results.filter(({ kind, code }) => kind === 'ProveCommitSector' && code === 'OK').length !== numbers.length) {
    throw new Error('a sector was not proven')
  }
}

/** The first provider's records once more, for another number and other deals; the faucet pays for what they lock. */
function copyProvider(
  store: Store,
  { faucet, genesis }: TestChain,
  client: Address,
  id: number,
  firstDeal: number,
): void {
  const provider = tables.providers.get(store, FIRST_PROVIDER)!
  const partition = tables.partitions.get(store, FIRST_PROVIDER, 0)!
  let escrow = 0n
  for (let number = 0; number < PARTITION_SECTORS; number++) {
    const sector = tables.sectors.get(store, FIRST_PROVIDER, number)!
    const deal = tables.deals.get(store, sector.deals[0]!)!
    const dealId = firstDeal + number
    const agreementId = hashOf(new Uint8Array(new BigUint64Array([BigInt(dealId), 0n, 0n, 1n]).buffer))
    tables.deals.put(store, dealId, { ...deal, agreementId, terms: { ...deal.terms, provider: id } })
    tables.agreements.put(store, agreementId, { deal: dealId })
    tables.sectors.put(store, id, number, { ...sector, deals: [dealId] })
    const { position } = sector.placement!
    tables.members.put(store, id, 0, position, tables.members.get(store, FIRST_PROVIDER, 0, position)!)
    escrow += deal.locked
  }
  const slot = freeSlot(store, genesis.params)!
  tables.partitions.put(store, id, 0, { ...partition, slot })
  tables.partitionNumbers.put(store, id, { next: 1 })
  tables.usedNumbers.put(store, id, PARTITION_SECTORS - 1, { start: 0 })
  enterSlot(store, slot, id, 0)
  writeProvider(store, id, provider)
  const { collateralFree, collateralLocked } = provider
  const payer = accountOf(store, faucet.address)
  writeAccount(store, faucet.address, {
    ...payer,
    balance: payer.balance - collateralFree - collateralLocked - escrow,
  })
  const account = accountOf(store, client)
  writeAccount(store, client, { ...account, escrow: account.escrow + escrow })
}
