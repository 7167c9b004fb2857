/** Deals and proven sectors in a state, by the rules themselves; only signatures and proofs are taken as verified. */

import {
  applyMessage,
  beaconEntry,
  beginBlock,
  createChecks,
  endBlock,
  isRoundWanted,
  type StateStore as Store,
  sectorExpiryMax,
  type TxContext,
} from '@granary/chain/internal'
import { profileNamed } from '@granary/proofs/profile'
import { pieceCidV2 } from '@granary/proofs/verify'
import type { Address, DealTerms, SectorPreCommit } from '@granary/protocol/messages'
import { type Genesis, genesisHash } from '@granary/protocol/records'
import { entryFor, verdictsFor } from './transfers-of.ts'

export interface MarketSeed {
  readonly genesis: Genesis
  readonly beaconKey: Uint8Array | undefined
  /** Client and owner of all providers; it pays for everything. */
  readonly account: Address
  readonly sectors: number
}

const PROVIDERS = 10
const FIRST_PROVIDER = 1_000
const COLLATERAL = 10n ** 25n
const { name: PROFILE, sectorBytes: SECTOR_BYTES } = profileNamed('32GiB')
const NOTHING = new Uint8Array(0)

/** As many deals as sectors, each filling one. @returns the height of the block that proved them */
export function seedMarket(store: Store, { genesis, beaconKey, account, sectors: count }: MarketSeed): number {
  const { params } = genesis
  const checks = createChecks(verdictsFor(account))
  const hash = genesisHash(genesis)
  const sectors = Array.from({ length: count }, (_, index) => ({
    provider: FIRST_PROVIDER + (index % PROVIDERS),
    number: Math.floor(index / PROVIDERS),
    deal: index + 1,
    root: rootOf(index),
  }))

  function block(height: number, work: (context: TxContext) => void): void {
    const previousTimeMs = genesis.timeMs + (height - 1) * genesis.blockTimeMs
    const context: TxContext = {
      store,
      genesis,
      genesisHash: hash,
      params,
      fees: params,
      checks,
      height,
      timeMs: previousTimeMs + genesis.blockTimeMs,
      emit: () => undefined,
      sender: account,
    }
    beginBlock(context, { height: height - 1, timeMs: previousTimeMs })
    const entry = entryFor(genesis, beaconKey, previousTimeMs)
    if (entry !== undefined && isRoundWanted(context, entry.round)) beaconEntry(context, entry, 0)
    work(context)
    endBlock(context, undefined)
  }

  block(1, (context) => {
    for (let provider = FIRST_PROVIDER; provider < FIRST_PROVIDER + PROVIDERS; provider += 1) {
      const profile = { payout: account, sessionKey: NOTHING, endpoints: [], peerId: '', region: '', name: 'barn' }
      applyMessage(context, { kind: 'RegisterProvider', body: profile })
      applyMessage(context, { kind: 'DepositCollateral', body: { provider, amount: COLLATERAL } })
    }
    for (const { provider, number, deal, root } of sectors) {
      const deals = [{ terms: termsOf(context, provider, deal, root), providerSignature: NOTHING }]
      applyMessage(context, { kind: 'PublishDeal', body: { deals } })
      const commitment = preCommitOf(context, number, deal, root)
      applyMessage(context, { kind: 'PreCommitSectors', body: { provider, sectors: [commitment] } })
    }
  })
  const provable = 1 + params.seedDelay + 1
  for (let height = 2; height < provable; height += 1) block(height, () => undefined)
  block(provable, (context) => {
    for (const { provider, number } of sectors) {
      applyMessage(context, { kind: 'ProveCommitSector', body: { provider, number, bundle: NOTHING } })
    }
  })
  return provable
}

function termsOf({ params, sender, height }: TxContext, provider: number, deal: number, root: Uint8Array): DealTerms {
  const payloadSize = SECTOR_BYTES - SECTOR_BYTES / 128
  return {
    client: sender,
    provider,
    pieceCid: pieceCidV2({ root, paddedSize: SECTOR_BYTES, payloadSize }),
    pieceSize: SECTOR_BYTES,
    payloadSize,
    label: `grain ${deal}`,
    activateWithin: params.activateWithinMin,
    duration: params.dealDurationMin,
    pricePerEpoch: 10n ** 9n,
    providerCollateral: 10n ** 16n,
    validUntil: height,
    nonce: BigInt(deal),
  }
}

function preCommitOf({ params, height }: TxContext, number: number, deal: number, commD: Uint8Array): SectorPreCommit {
  const expiry = sectorExpiryMax(params, height + params.commitExpiry)
  return { number, profile: PROFILE, commD, commR: commD, ticketEpoch: height, deals: [deal], expiry }
}

/** Of a piece: an element of the field, as the last byte is 0. */
function rootOf(index: number): Uint8Array {
  const root = new Uint8Array(32)
  new DataView(root.buffer).setUint32(0, index + 1)
  return root
}
