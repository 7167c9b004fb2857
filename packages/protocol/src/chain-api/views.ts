/**
 * What the node's answers look like: the JSON views of docs/spec/chain.md, section 8.
 * Amounts are decimal strings of attoGRN, epochs, heights and ids are numbers, bytes are 0x hex.
 */
import type { Hex } from '@granary/base'
import type { ChainEvent } from '../events/chain-event.ts'
import type { Address, DealTermsJson, Hash, MessageName } from '../messages/index.ts'

export interface ChainStatus {
  readonly genesisHash: Hash
  readonly chainId: string
  readonly devnet: boolean
  readonly height: number
  /** Header time of the last block, in milliseconds since 1970. */
  readonly timeMs: number
  readonly blockTimeMs: number
  readonly appHash: Hash
  readonly version: string
  readonly clock: NodeClock
}

/** How the node knows what time it is. */
export interface NodeClock {
  /** By the beacon, by its operator's word, not yet, or, on a devnet, by its machine alone. */
  readonly trust: 'proven' | 'trusted' | 'unproven' | 'local'
  /** The newest round of the beacon that it has; null before the first, and on a devnet. */
  readonly newestRound: number | null
  /** Since that came. */
  readonly silentMs: number
  /** By how much rounds come as if the clock were ahead, when that is more than it goes back by without an operator. */
  readonly aheadMs: number | null
  /** The code of why there are no blocks at present; null: there are. */
  readonly stalled: string | null
}

export interface AccountView {
  readonly height: number
  readonly address: Address
  /** Whether it has a record. Who names an address without one, in a transfer or as payout, pays `accountFee`. */
  readonly exists: boolean
  readonly balance: string
  /** The next sequence of each lane that has been used, counting what waits in this node's mempool. */
  readonly sequences: Readonly<Record<string, number>>
  readonly locked: string
}

/** Where all money is, and what is minted: genesis + minted − burnt is the sum of the five that follow. */
export interface SupplyView {
  readonly height: number
  readonly genesis: string
  readonly minted: string
  readonly burnt: string
  readonly balances: string
  readonly escrow: string
  readonly collateralFree: string
  readonly collateralLocked: string
  readonly vesting: string
  /** Bytes that earn capacity rewards, of all providers. */
  readonly power: string
  /** What a GiB of them earns an epoch at present. */
  readonly rewardPerGiBEpoch: string
}

export interface AskView {
  readonly pricePerGiBEpoch: string
  readonly pieceSizeMin: number
  readonly pieceSizeMax: number
  readonly durationMin: number
  readonly durationMax: number
  readonly profiles: readonly string[]
  /** Hundredths of a percent of the price: the most collateral that it puts up for a deal. */
  readonly collateralShareMaxBps: number
  readonly validUntil: number
}

export interface ProviderView {
  readonly id: number
  readonly owner: Address
  readonly payout: Address
  /** The provider's ed25519 key for what its daemon signs; null when it registered none. */
  readonly sessionKey: Hex | null
  readonly endpoints: readonly string[]
  readonly peerId: string
  readonly region: string
  readonly name: string
  readonly ask: AskView | null
  /** `debt`: fees for faults that nothing was left for; paid first from whatever becomes free. */
  readonly collateral: { readonly free: string; readonly locked: string; readonly debt: string }
  /**
   * What was minted for it and is not free collateral yet: `releasable` has vested and follows with the next credit, lock or
   * withdrawal; the rest, `locked`, has vested by the epoch `end`; null: there is nothing.
   */
  readonly vesting: {
    readonly locked: string
    readonly releasable: string
    readonly end: number | null
    /** For each GiB of its deals that are active: what leaving them could make it forfeit. null: it has none. */
    readonly perDealGiB: string | null
  }
  readonly registeredAt: number
}

export type DealState = 'published' | 'committed' | 'active' | 'expired' | 'lapsed' | 'terminated' | 'cancelled'

export interface DealView {
  readonly id: number
  readonly agreementId: Hash
  readonly terms: DealTermsJson
  readonly state: DealState
  readonly publishedAt: number
  readonly activatedAt?: number
  readonly endsAt?: number
  readonly lapsesAt: number
  readonly sector?: { readonly provider: number; readonly number: number }
  /** Still locked from the client's money. */
  readonly locked: string
  /** Settled to the provider, network fee already taken off. */
  readonly paid: string
  readonly burnt: string
  readonly refunded: string
  /** To the client from the provider's collateral: its sector was lost, or the deal ended in a fault. */
  readonly compensated: string
  /** Of a deal that was cancelled while its data was faulty: what the collateral may still pay, by what becomes of the sector. */
  readonly claim?: string
  /** Proven but not settled yet. */
  readonly earned: string
  readonly provenEpochs: number
  readonly faultedEpochs: number
  readonly settledThrough: number
}

export type SectorState = 'precommitted' | 'active' | 'faulty' | 'terminated' | 'expired'

export interface SectorView {
  readonly provider: number
  readonly number: number
  readonly profile: string
  readonly state: SectorState
  readonly commD: Hash
  readonly commR: Hash
  readonly ticketEpoch: number
  readonly preCommitEpoch: number
  /** Of which its seed is: present as soon as it is known, and while it is kept. */
  readonly seedEpoch?: number
  /** Present once it has been drawn. */
  readonly seed?: Hash
  readonly commitBy: number
  readonly expiry: number
  readonly deals: readonly number[]
  readonly partition?: number
  readonly activatedAt?: number
}

export interface PartitionSector {
  readonly number: number
  readonly commR: Hash
}

/** An open challenge: the answer counts in blocks `epoch < height ≤ deadline`. */
export interface ChallengeView {
  readonly epoch: number
  readonly deadline: number
  readonly randomness: Hash
  readonly count: number
  /** The list as it was frozen: the answer is over exactly these. */
  readonly sectors: readonly PartitionSector[]
  readonly answered: boolean
}

export interface PartitionView {
  readonly provider: number
  readonly number: number
  readonly slot: number
  readonly profile: string
  /** Those that are challenged together. */
  readonly sectors: readonly PartitionSector[]
  /** Some of its sectors are faulty. */
  readonly faulty: boolean
  /** Out of the list until a recovery brings them back. */
  readonly faultySectors: readonly number[]
  readonly lastProven: number | null
  /** Bytes that earn capacity rewards: of sectors that have been proven with the partition and are sound. */
  readonly power: number
  /** What they have earned since the last proof; the next one credits it, a miss or a fault forfeits it. */
  readonly pending: string
  readonly challenge?: ChallengeView
  /** A request to recover waits for its draw. */
  readonly recoveryRequestedAt?: number
  /** The challenge of a request to recover: answered like any other, with its epoch. */
  readonly recovery?: ChallengeView
  /** Before this epoch no request to recover is taken. */
  readonly recoveryBarredUntil?: number
}

export interface TxView {
  readonly id: Hash
  /** The block that holds it; for a transaction that still waits (`code` PENDING), the head's height. */
  readonly height: number
  readonly kind: MessageName
  /** OK, PENDING, or the code of the error that made it fail. */
  readonly code: string
  readonly message?: string
  readonly hint?: string
  readonly fee: string
  readonly events: readonly ChainEvent[]
  /** How long this node took to execute it: a measurement, not part of consensus. */
  readonly executionMs: number
}

export interface HeaderView {
  readonly height: number
  readonly timeMs: number
  readonly previousHash: Hash
  readonly txsHash: Hash
  /** The state after the previous block. */
  readonly appHash: Hash
  readonly validator: Hex
}

export interface BlockView {
  readonly height: number
  readonly hash: Hash
  readonly header: HeaderView
  readonly signature: Hex
  readonly txs: readonly { readonly id: Hash | null; readonly kind: MessageName; readonly code: string }[]
}

export interface RandomnessView {
  readonly height: number
  readonly epoch: number
  readonly tag: string
  readonly randomness: Hash
}

/**
 * What the state held at a key after block `stateHeight`, with all that it takes to verify it with nothing but the
 * validator's key: `./light` does.
 */
export interface ProofView {
  readonly height: number
  readonly stateHeight: number
  readonly key: string
  /** null: the key is not there. */
  readonly value: Hex | null
  readonly proof: TreeProofView | OutsideProofView
  /** Bytes of the header of the next block, in which the app hash of that state stands, and the validator's signature. */
  readonly header: Hex
  readonly signature: Hex
}

/** The way from the root of the state's tree to where the key stands, or would stand. */
export interface TreeProofView {
  readonly type: 'tree'
  readonly siblings: readonly Hash[]
  readonly leaf: { readonly path: Hash; readonly valueHash: Hash } | null
  readonly outsideHash: Hash
}

/** Of a record that changes in every block: it stands beside the tree, among a few others. */
export interface OutsideProofView {
  readonly type: 'outside'
  readonly treeRoot: Hash
  readonly outside: Hex
}

/** A bounded part of a list; `next` is the cursor of the following part, null at the end. */
export interface Page<T> {
  readonly height: number
  readonly items: readonly T[]
  readonly next: string | null
}
