/**
 * The form of every answer, for the OpenAPI document and its tests; by it a client parses them. An answer may have
 * more fields than these: who reads one ignores what it does not know.
 */

import * as z from 'zod'
import { chainEvent } from '../events/chain-event.ts'
import { address, decimal, hash, hex, natural } from '../json/forms.ts'
import type { DealTermsJson } from '../messages/deal-terms.ts'
import { declarations, type MessageName } from '../messages/declarations.ts'
import type {
  AccountView,
  BlockView,
  ChainStatus,
  DealView,
  Page,
  PartitionView,
  ProofView,
  ProviderView,
  RandomnessView,
  SectorView,
  SupplyView,
  TxView,
} from './views.ts'

const kind = z.enum(Object.keys(declarations).filter((name): name is MessageName => name in declarations))

/** Every answer is that of a node at a height. */
const height = { height: natural }

export const healthAnswer: z.ZodType<{ ok: boolean; height: number }> = z.object({ ...height, ok: z.boolean() })

export const statusAnswer: z.ZodType<ChainStatus> = z.object({
  ...height,
  genesisHash: hash,
  chainId: z.string(),
  devnet: z.boolean(),
  timeMs: natural,
  blockTimeMs: natural,
  appHash: hash,
  version: z.string(),
  clock: z.object({
    trust: z.enum(['proven', 'trusted', 'unproven', 'local']),
    newestRound: natural.nullable(),
    silentMs: natural,
    aheadMs: natural.nullable(),
    stalled: z.string().nullable(),
  }),
})

export const paramsAnswer: z.ZodType<{
  height: number
  fees: Readonly<Record<string, unknown>>
  params: Readonly<Record<string, unknown>>
}> = z.object({
  ...height,
  /** What messages cost in the next block. */
  fees: z.record(z.string(), z.unknown()),
  params: z.record(z.string(), z.unknown()),
})

export const genesisAnswer: z.ZodType<{
  height: number
  genesisHash: string
  genesis: Readonly<Record<string, unknown>>
}> = z.object({ ...height, genesisHash: hash, genesis: z.record(z.string(), z.unknown()) })

export const accountAnswer: z.ZodType<AccountView> = z.object({
  ...height,
  address,
  balance: decimal,
  exists: z.boolean(),
  sequences: z.record(z.string(), natural),
  locked: decimal,
})

export const supplyAnswer: z.ZodType<SupplyView> = z.object({
  ...height,
  genesis: decimal,
  minted: decimal,
  burnt: decimal,
  balances: decimal,
  escrow: decimal,
  collateralFree: decimal,
  collateralLocked: decimal,
  vesting: decimal,
  power: decimal,
  rewardPerGiBEpoch: decimal,
})

const provider: z.ZodType<ProviderView> = z.object({
  id: natural,
  owner: address,
  payout: address,
  sessionKey: hex.nullable(),
  endpoints: z.array(z.string()),
  peerId: z.string(),
  region: z.string(),
  name: z.string(),
  ask: z
    .object({
      pricePerGiBEpoch: decimal,
      pieceSizeMin: natural,
      pieceSizeMax: natural,
      durationMin: natural,
      durationMax: natural,
      profiles: z.array(z.string()),
      collateralShareMaxBps: natural,
      validUntil: natural,
    })
    .nullable(),
  collateral: z.object({ free: decimal, locked: decimal, debt: decimal }),
  vesting: z.object({
    locked: decimal,
    releasable: decimal,
    end: natural.nullable(),
    perDealGiB: decimal.nullable(),
  }),
  registeredAt: natural,
})

const terms: z.ZodType<DealTermsJson> = z.object({
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

const deal: z.ZodType<DealView> = z.object({
  id: natural,
  agreementId: hash,
  terms,
  state: z.enum(['published', 'committed', 'active', 'expired', 'lapsed', 'terminated', 'cancelled']),
  publishedAt: natural,
  activatedAt: z.exactOptional(natural),
  endsAt: z.exactOptional(natural),
  lapsesAt: natural,
  sector: z.exactOptional(z.object({ provider: natural, number: natural })),
  locked: decimal,
  paid: decimal,
  burnt: decimal,
  refunded: decimal,
  compensated: decimal,
  claim: z.exactOptional(decimal),
  earned: decimal,
  provenEpochs: natural,
  faultedEpochs: natural,
  settledThrough: natural,
})

const sector: z.ZodType<SectorView> = z.object({
  provider: natural,
  number: natural,
  profile: z.string(),
  state: z.enum(['precommitted', 'active', 'faulty', 'terminated', 'expired']),
  commD: hash,
  commR: hash,
  ticketEpoch: natural,
  preCommitEpoch: natural,
  seedEpoch: z.exactOptional(natural),
  seed: z.exactOptional(hash),
  commitBy: natural,
  expiry: natural,
  deals: z.array(natural),
  partition: z.exactOptional(natural),
  activatedAt: z.exactOptional(natural),
})

const partitionSectors = z.array(z.object({ number: natural, commR: hash }))

const challenge = z.object({
  epoch: natural,
  deadline: natural,
  randomness: hash,
  count: natural,
  sectors: partitionSectors,
  answered: z.boolean(),
})

const partition: z.ZodType<PartitionView> = z.object({
  provider: natural,
  number: natural,
  slot: natural,
  profile: z.string(),
  sectors: partitionSectors,
  faulty: z.boolean(),
  faultySectors: z.array(natural),
  lastProven: natural.nullable(),
  power: natural,
  pending: decimal,
  challenge: z.exactOptional(challenge),
  recoveryRequestedAt: z.exactOptional(natural),
  recovery: z.exactOptional(challenge),
  recoveryBarredUntil: z.exactOptional(natural),
})

export const providerAnswer: z.ZodType<ProviderView & Height> = atHeight(provider)
export const providersAnswer: z.ZodType<Page<ProviderView>> = pageOf(provider)
export const partitionsAnswer: z.ZodType<Page<PartitionView>> = pageOf(partition)
export const dealAnswer: z.ZodType<DealView & Height> = atHeight(deal)
export const dealsAnswer: z.ZodType<Page<DealView>> = pageOf(deal)
export const sectorAnswer: z.ZodType<SectorView & Height> = atHeight(sector)

export const randomnessAnswer: z.ZodType<RandomnessView> = z.object({
  ...height,
  epoch: natural,
  tag: z.string(),
  randomness: hash,
})

export const txAnswer: z.ZodType<TxView> = z.object({
  ...height,
  id: hash,
  kind,
  code: z.string(),
  message: z.exactOptional(z.string()),
  hint: z.exactOptional(z.string()),
  fee: decimal,
  events: z.array(chainEvent),
  executionMs: z.number(),
})

export const blockAnswer: z.ZodType<BlockView> = z.object({
  ...height,
  hash,
  header: z.object({
    ...height,
    timeMs: natural,
    previousHash: hash,
    txsHash: hash,
    appHash: hash,
    validator: hex,
  }),
  signature: hex,
  txs: z.array(z.object({ id: hash.nullable(), kind, code: z.string() })),
})

export const proofAnswer: z.ZodType<ProofView> = z.object({
  ...height,
  stateHeight: natural,
  key: z.string(),
  value: hex.nullable(),
  proof: z.discriminatedUnion('type', [
    z.object({
      type: z.literal('tree'),
      siblings: z.array(hash),
      leaf: z.object({ path: hash, valueHash: hash }).nullable(),
      outsideHash: hash,
    }),
    z.object({ type: z.literal('outside'), treeRoot: hash, outside: hex }),
  ]),
  header: hex,
  signature: hex,
})

export const errorAnswer: z.ZodType<{ error: Readonly<Record<string, unknown>> }> = z.object({
  error: z.looseObject({
    code: z.string(),
    message: z.string(),
    hint: z.string(),
    retryable: z.boolean(),
    details: z.record(z.string(), z.unknown()).optional(),
  }),
})

export interface Height {
  readonly height: number
}

function atHeight<T>(view: z.ZodType<T>): z.ZodType<T & Height> {
  return z.intersection(view, z.object(height))
}

function pageOf<T>(item: z.ZodType<T>): z.ZodType<Page<T>> {
  return z.object({ ...height, items: z.array(item), next: z.string().nullable() })
}
