/**
 * Every answer of a chain node: docs/spec/chain.md, section 8. A node answers in these forms, a client parses by them; the
 * OpenAPI document is made of them. An answer may have more fields: who reads one ignores what it does not know.
 * Amounts are decimal strings of attoGRN, epochs, heights and ids are numbers, bytes are 0x hex.
 */
import * as z from 'zod/mini'
import { chainEvent } from '../events/chain-event.ts'
import { address, decimal, hash, hex, natural } from '../json/forms.ts'
import type { DealTermsJson } from '../messages/deal-terms.ts'
import type { MessageName } from '../messages/declarations.ts'

/** Of any name: a block may hold messages that only operators know, or a newer node. */
const kind = z.string() as unknown as z.ZodMiniType<MessageName>
const numbers = z.readonly(z.array(natural))
const texts = z.readonly(z.array(z.string()))

/** Every answer is that of a node at a height. */
export const height = { height: natural }

export const healthAnswer = z.object({ ...height, ok: z.boolean() })

/** How the node knows what time it is. */
const clock = z.object({
  /** By the beacon, by its operator's word, not yet, or, on a devnet, by its machine alone. */
  trust: z.enum(['proven', 'trusted', 'unproven', 'local']),
  /** The newest round of the beacon that it has; null before the first, and on a devnet. */
  newestRound: z.nullable(natural),
  /** Since that came. */
  silentMs: natural,
  /** By how much rounds come as if the clock were ahead, when that is more than it goes back by without an operator. */
  aheadMs: z.nullable(natural),
  /** The code of why there are no blocks at present; null: there are. */
  stalled: z.nullable(z.string()),
})
export type NodeClock = Readonly<z.output<typeof clock>>

export const statusAnswer = z.object({
  ...height,
  genesisHash: hash,
  chainId: z.string(),
  devnet: z.boolean(),
  /** Header time of the last block, in milliseconds since 1970. */
  timeMs: natural,
  blockTimeMs: natural,
  appHash: hash,
  version: z.string(),
  clock,
})
export type ChainStatus = Readonly<z.output<typeof statusAnswer>>

/** They have parsers of their own, chainParams and feeParams. */
export const paramsAnswer = z.object({
  ...height,
  /** What messages cost in the next block. */
  fees: z.record(z.string(), z.unknown()),
  params: z.record(z.string(), z.unknown()),
})

/** It has a parser of its own, genesisStruct. */
export const genesisAnswer = z.object({
  ...height,
  genesisHash: hash,
  genesis: z.record(z.string(), z.unknown()),
})

export const accountAnswer = z.object({
  ...height,
  address,
  /** Whether it has a record. Who names an address without one, in a transfer or as payout, pays `accountFee`. */
  exists: z.boolean(),
  balance: decimal,
  /** The next sequence of each lane that has been used, counting what waits in this node's mempool. */
  sequences: z.readonly(z.record(z.string(), natural)),
  locked: decimal,
})
export type AccountView = Readonly<z.output<typeof accountAnswer>>

const sessionKey = z.object({
  publicKey: hash,
  scopes: texts,
  /** The last epoch in which it may sign. */
  expires: natural,
  /** What may leave the account's balance by this key, fees included, and what has. */
  spendingLimit: decimal,
  spent: decimal,
})
export type SessionKeyView = Readonly<z.output<typeof sessionKey>>

/** Where all money is, and what is minted: genesis + minted − burnt is the sum of the six that follow. */
export const supplyAnswer = z.object({
  ...height,
  genesis: decimal,
  minted: decimal,
  burnt: decimal,
  balances: decimal,
  escrow: decimal,
  collateralFree: decimal,
  collateralLocked: decimal,
  vesting: decimal,
  bonds: decimal,
  /** Bytes that earn capacity rewards, of all providers. */
  power: decimal,
  /** What a GiB of them earns an epoch at present. */
  rewardPerGiBEpoch: decimal,
})
export type SupplyView = Readonly<z.output<typeof supplyAnswer>>

export const ask = z.object({
  pricePerGiBEpoch: decimal,
  pieceSizeMin: natural,
  pieceSizeMax: natural,
  durationMin: natural,
  durationMax: natural,
  profiles: texts,
  /** Hundredths of a percent of the price: the most collateral that it puts up for a deal. */
  collateralShareMaxBps: natural,
  validUntil: natural,
})
export type AskView = Readonly<z.output<typeof ask>>

const provider = z.object({
  id: natural,
  owner: address,
  payout: address,
  /** The provider's ed25519 key for what its daemon signs; null when it registered none. */
  sessionKey: z.nullable(hex),
  endpoints: texts,
  peerId: z.string(),
  region: z.string(),
  name: z.string(),
  ask: z.nullable(z.readonly(ask)),
  /** `debt`: fees for faults that nothing was left for; paid first from whatever becomes free. */
  collateral: z.readonly(z.object({ free: decimal, locked: decimal, debt: decimal })),
  /**
   * What was minted for it and is not free collateral yet: `releasable` has vested and follows with the next credit, lock or
   * withdrawal; the rest, `locked`, has vested by the epoch `end`; null: there is nothing.
   */
  vesting: z.readonly(
    z.object({
      locked: decimal,
      releasable: decimal,
      end: z.nullable(natural),
      /** For each GiB of its deals that are active: what leaving them could make it forfeit. null: it has none. */
      perDealGiB: z.nullable(decimal),
    }),
  ),
  registeredAt: natural,
})
export type ProviderView = Readonly<z.output<typeof provider>>

/** The JSON of DealTerms, whose own parser reads it. */
const terms: z.ZodMiniType<DealTermsJson> = z.object({
  client: address,
  provider: natural,
  pieceCid: z.string(),
  pieceSize: natural,
  payloadSize: natural,
  rootCid: z.exactOptional(z.string()),
  label: z.string(),
  activateWithin: decimal,
  duration: decimal,
  pricePerEpoch: decimal,
  providerCollateral: decimal,
  extendableUntil: z.exactOptional(decimal),
  validUntil: decimal,
  nonce: decimal,
})

const dealState = z.enum(['published', 'committed', 'active', 'expired', 'lapsed', 'terminated', 'cancelled'])
export type DealState = z.output<typeof dealState>

const deal = z.object({
  id: natural,
  agreementId: hash,
  terms,
  state: dealState,
  publishedAt: natural,
  activatedAt: z.exactOptional(natural),
  endsAt: z.exactOptional(natural),
  lapsesAt: natural,
  /** Up to then anybody may have the client pay for more time; absent: there is no standing order, or no longer. */
  orderedUntil: z.exactOptional(natural),
  sector: z.exactOptional(z.readonly(z.object({ provider: natural, number: natural }))),
  /** Still locked from the client's money. */
  locked: decimal,
  /** Settled to the provider, network fee already taken off. */
  paid: decimal,
  burnt: decimal,
  refunded: decimal,
  /** To the client from the provider's collateral: its sector was lost, or the deal ended in a fault. */
  compensated: decimal,
  /** Of a deal that was cancelled while its data was faulty: what the collateral may still pay, by what becomes of the sector. */
  claim: z.exactOptional(decimal),
  /** Proven but not settled yet. */
  earned: decimal,
  provenEpochs: natural,
  faultedEpochs: natural,
  settledThrough: natural,
})
export type DealView = Readonly<z.output<typeof deal>>

const sectorState = z.enum(['precommitted', 'active', 'faulty', 'terminated', 'expired'])
export type SectorState = z.output<typeof sectorState>

const sector = z.object({
  provider: natural,
  number: natural,
  profile: z.string(),
  state: sectorState,
  commD: hash,
  commR: hash,
  ticketEpoch: natural,
  preCommitEpoch: natural,
  /** Of which its seed is: present as soon as it is known, and while it is kept. */
  seedEpoch: z.exactOptional(natural),
  /** Present once it has been drawn. */
  seed: z.exactOptional(hash),
  commitBy: natural,
  expiry: natural,
  deals: numbers,
  partition: z.exactOptional(natural),
  activatedAt: z.exactOptional(natural),
})
export type SectorView = Readonly<z.output<typeof sector>>

const partitionSector = z.readonly(z.object({ number: natural, commR: hash }))
export type PartitionSector = z.output<typeof partitionSector>

/** An open challenge: the answer counts in blocks `epoch < height ≤ deadline`. */
const window = { epoch: natural, deadline: natural }
const openWindow = z.readonly(z.object(window))

/** The challenge that each partition gets once a period, or that of a request to recover. */
export const challengeKind: z.ZodMiniEnum<{ post: 'post'; recovery: 'recovery' }> = z.enum(['post', 'recovery'])
export type ChallengeKind = z.output<typeof challengeKind>

const openChallenge = z.object({ partition: natural, kind: challengeKind, ...window })
export type OpenChallengeView = Readonly<z.output<typeof openChallenge>>

const challenge = z.object({
  provider: natural,
  partition: natural,
  profile: z.string(),
  kind: challengeKind,
  ...window,
  randomness: hash,
  count: natural,
  /** The list as it was frozen: the answer is over exactly these. */
  sectors: z.readonly(z.array(partitionSector)),
})
export type ChallengeView = Readonly<z.output<typeof challenge>>

const partition = z.object({
  provider: natural,
  number: natural,
  slot: natural,
  profile: z.string(),
  /** How many sectors it holds, those among them that are faulty or have been terminated and are about to leave it. */
  sectors: natural,
  /** How many are challenged together. */
  sound: natural,
  lastProven: z.nullable(natural),
  /** Bytes that earn capacity rewards: of sectors that have been proven with the partition and are sound. */
  power: natural,
  /** What they have earned since the last proof; the next one credits it, a miss or a fault forfeits it. */
  pending: decimal,
  challenge: z.exactOptional(openWindow),
  /** A request to recover waits for its draw. */
  recoveryRequestedAt: z.exactOptional(natural),
  /** The challenge of a request to recover: answered like any other, with its epoch. */
  recovery: z.exactOptional(openWindow),
  /** Before this epoch no request to recover is taken. */
  recoveryBarredUntil: z.exactOptional(natural),
})
export type PartitionView = Readonly<z.output<typeof partition>>

/** `sound`: challenged with its partition. `faulty`: out of the list until a recovery brings it back. */
export const memberState: z.ZodMiniEnum<{ sound: 'sound'; faulty: 'faulty' }> = z.enum(['sound', 'faulty'])
const member = z.object({ position: natural, number: natural, commR: hash, state: memberState })
export type MemberView = Readonly<z.output<typeof member>>

export const providerAnswer = z.extend(provider, height)
export const providersAnswer = pageOf(provider)
export const sessionKeyAnswer = z.extend(sessionKey, height)
export const sessionKeysAnswer = pageOf(sessionKey)
export const partitionsAnswer = pageOf(partition)
export const partitionAnswer = z.extend(partition, height)
export const membersAnswer = pageOf(member)
export const challengesAnswer = pageOf(openChallenge)
export const challengeAnswer = z.extend(challenge, height)
export const dealAnswer = z.extend(deal, height)
export const dealsAnswer = pageOf(deal)
export const sectorAnswer = z.extend(sector, height)

export const randomnessAnswer = z.object({
  ...height,
  epoch: natural,
  tag: z.string(),
  randomness: hash,
})
export type RandomnessView = Readonly<z.output<typeof randomnessAnswer>>

export const txAnswer = z.object({
  id: hash,
  /** The block that holds it; for a transaction that still waits (`code` PENDING), the head's height. */
  ...height,
  kind,
  /** OK, PENDING, or the code of the error that made it fail. */
  code: z.string(),
  message: z.exactOptional(z.string()),
  hint: z.exactOptional(z.string()),
  fee: decimal,
  events: z.readonly(z.array(z.readonly(chainEvent))),
  /** How long this node took to execute it: a measurement, not part of consensus. */
  executionMs: z.number(),
})
export type TxView = Readonly<z.output<typeof txAnswer>>

const header = z.readonly(
  z.object({
    ...height,
    timeMs: natural,
    previousHash: hash,
    txsHash: hash,
    /** The state after the previous block. */
    appHash: hash,
    validator: hex,
  }),
)
export type HeaderView = z.output<typeof header>

export const blockAnswer = z.object({
  ...height,
  hash,
  /** What the chain says of the block. */
  header,
  /** What its validators have signed the hash of, and their signature: each as the engine of the chain has it. */
  headerBytes: hex,
  signature: hex,
  txs: z.readonly(z.array(z.readonly(z.object({ id: z.nullable(hash), kind, code: z.string() })))),
})
export type BlockView = Readonly<z.output<typeof blockAnswer>>

/** The way from the root of the state's tree to where the key stands, or would stand. */
const treeProof = z.readonly(
  z.object({
    type: z.literal('tree'),
    siblings: z.readonly(z.array(hash)),
    leaf: z.nullable(z.readonly(z.object({ path: hash, valueHash: hash }))),
    outsideHash: hash,
  }),
)
export type TreeProofView = z.output<typeof treeProof>

/** Of a record that changes in every block: it stands beside the tree, among a few others. */
const outsideProof = z.readonly(z.object({ type: z.literal('outside'), treeRoot: hash, outside: hex }))
export type OutsideProofView = z.output<typeof outsideProof>

/**
 * What the state held at a key after block `stateHeight`, with all that it takes to verify it with nothing but the
 * validator's key: the light client does.
 */
export const proofAnswer = z.object({
  ...height,
  stateHeight: natural,
  key: z.string(),
  /** null: the key is not there. */
  value: z.nullable(hex),
  proof: z.discriminatedUnion('type', [treeProof, outsideProof]),
  /** Bytes of the header of the next block, in which the app hash of that state stands, and the validator's signature. */
  header: hex,
  signature: hex,
})
export type ProofView = Readonly<z.output<typeof proofAnswer>>

/** A bounded part of a list; `next` is the cursor of the following part, null at the end. */
export interface Page<T> {
  readonly height: number
  readonly items: readonly T[]
  readonly next: string | null
}

export function pageOf<S extends z.ZodMiniType>(item: S) {
  return z.object({ ...height, items: z.readonly(z.array(item)), next: z.nullable(z.string()) })
}
