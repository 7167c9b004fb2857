/** What the owner asks of the running provider, on a listener of its own that only this machine reaches, with the token of its home. */
import { address, decimal, hash, natural } from '@granary/protocol/json'
import { stakeForm } from '@granary/protocol/market'
import type { DescribedOperation, Parsed } from '@granary/protocol/operation'
import * as z from 'zod/mini'

const nothing = z.object({})
const counts = z.record(z.string(), natural)

const alert = z.object({
  code: z.string(),
  subject: z.optional(z.string()),
  message: z.string(),
  hint: z.string(),
  stake: stakeForm,
  sinceMs: z.number(),
})

const statusAnswer = z.object({
  provider: natural,
  address,
  url: z.string(),
  version: z.string(),
  upMs: natural,
  ready: z.boolean(),
  /** Of the alerts, those that keep it from taking on more. */
  reasons: z.readonly(z.array(z.string())),
  chain: z.object({ url: z.string(), genesisHash: hash, height: natural }),
  acceptDeals: z.boolean(),
  /** How many in each state. */
  sectors: counts,
  deals: counts,
  /** Messages to the chain whose end is not known. */
  outbox: natural,
  disk: z.object({ freeBytes: natural, reserveBytes: natural }),
  /** attoGRN; null until it was asked for the first time. */
  money: z.nullable(z.object({ balance: decimal, freeCollateral: decimal, lockedCollateral: decimal })),
  alerts: natural,
})

export const getStatus = {
  id: 'getAdminStatus',
  method: 'get',
  path: '/admin/v1/status',
  summary: 'How the provider is',
  params: nothing,
  answer: statusAnswer,
  errors: ['TOKEN_INVALID'],
} as const satisfies DescribedOperation
export type ProviderStatus = Parsed<typeof getStatus>

export const listAlerts = {
  id: 'listAlerts',
  method: 'get',
  path: '/admin/v1/alerts',
  summary: 'What the owner should do something about, the oldest first',
  params: nothing,
  answer: z.object({ alerts: z.readonly(z.array(alert)) }),
  errors: ['TOKEN_INVALID'],
} as const satisfies DescribedOperation
export type ListedAlerts = Parsed<typeof listAlerts>

const sector = z.object({
  number: natural,
  state: z.string(),
  openedAtMs: natural,
  deals: z.readonly(z.array(natural)),
})

export const listSectors = {
  id: 'listSectors',
  method: 'get',
  path: '/admin/v1/sectors',
  summary: 'The sectors of the store that are not over, by their numbers; a bounded page after a number',
  params: nothing,
  query: z.object({ after: z.optional(z.string().check(z.regex(/^\d{1,10}$/, 'expected the number of a sector'))) }),
  answer: z.object({ sectors: z.readonly(z.array(sector)), next: z.nullable(natural) }),
  errors: ['TOKEN_INVALID'],
} as const satisfies DescribedOperation
export type ListedSectors = Parsed<typeof listSectors>

export const listSectorsUnderWay = {
  id: 'listSectorsUnderWay',
  method: 'get',
  path: '/admin/v1/sealing',
  summary:
    'The sectors that are not proven yet, by their numbers: since when each is where it is, and what holds it up',
  params: nothing,
  answer: z.object({
    sectors: z.readonly(
      z.array(
        z.object({
          number: natural,
          profile: z.nullable(z.string()),
          state: z.string(),
          sinceMs: natural,
          deals: z.readonly(z.array(natural)),
          failures: natural,
          reason: z.nullable(z.string()),
        }),
      ),
    ),
  }),
  errors: ['TOKEN_INVALID'],
} as const satisfies DescribedOperation

const sectorParams = z.object({ number: z.string().check(z.regex(/^\d{1,10}$/, 'expected the number of a sector')) })

const sectorLife = z.object({
  sector: natural,
  state: z.string(),
  /** In a row, in its present state. */
  failures: natural,
  events: z.readonly(
    z.array(z.object({ atMs: natural, epoch: z.nullable(natural), state: z.string(), reason: z.nullable(z.string()) })),
  ),
})

export const getSectorLife = {
  id: 'getSectorLife',
  method: 'get',
  path: '/admin/v1/sectors/{number}',
  summary: 'What has happened to a sector, the oldest first',
  params: sectorParams,
  answer: sectorLife,
  errors: ['TOKEN_INVALID', 'SECTOR_MISSING'],
} as const satisfies DescribedOperation

export const retrySector = {
  id: 'retrySector',
  method: 'post',
  path: '/admin/v1/sectors/{number}/retry',
  summary: 'Forgets the failures of a sector and goes on with it at once',
  params: sectorParams,
  answer: sectorLife,
  errors: ['TOKEN_INVALID', 'SECTOR_MISSING'],
} as const satisfies DescribedOperation

export const abandonSector = {
  id: 'abandonSector',
  method: 'post',
  path: '/admin/v1/sectors/{number}/abandon',
  summary: 'Gives up a sector that is not on the chain; its deals are placed into another one',
  params: sectorParams,
  answer: sectorLife,
  errors: ['TOKEN_INVALID', 'SECTOR_MISSING', 'SECTOR_STATE_WRONG'],
} as const satisfies DescribedOperation

const deal = z.object({
  agreementId: hash,
  dealId: z.nullable(natural),
  state: z.string(),
  sector: z.nullable(natural),
  client: address,
  pieceCid: z.string(),
  pieceSize: natural,
  reason: z.nullable(z.string()),
})

export const listDeals = {
  id: 'listDeals',
  method: 'get',
  path: '/admin/v1/deals',
  summary: 'The deals that have not ended',
  params: nothing,
  answer: z.object({ deals: z.readonly(z.array(deal)) }),
  errors: ['TOKEN_INVALID'],
} as const satisfies DescribedOperation
export type ListedDeals = Parsed<typeof listDeals>

/** attoGRN, as the chain has it. */
const dealMoney = z.object({
  /** To the provider, the network's fee already taken off. */
  paid: decimal,
  /** Proven, and not settled yet. */
  earned: decimal,
  /** Of the client's money, back to it. */
  refunded: decimal,
  burnt: decimal,
  /** Of the provider's collateral, to the client. */
  compensated: decimal,
  /** Whether nothing moves any more. */
  settled: z.boolean(),
  provenEpochs: natural,
  faultedEpochs: natural,
})

export const listEndedDeals = {
  id: 'listEndedDeals',
  method: 'get',
  path: '/admin/v1/deals/ended',
  summary: 'The deals that have ended, those agreed on last first; a bounded page before a position',
  params: nothing,
  query: z.object({ before: z.optional(z.string().check(z.regex(/^\d{1,15}$/, 'expected the `next` of a page'))) }),
  answer: z.object({
    deals: z.readonly(
      z.array(
        z.extend(deal, {
          endedAtMs: z.nullable(natural),
          /** null: it never was on the chain, or the chain does not answer. */
          money: z.nullable(dealMoney),
        }),
      ),
    ),
    next: z.nullable(natural),
  }),
  errors: ['TOKEN_INVALID'],
} as const satisfies DescribedOperation
export type ListedEndedDeals = Parsed<typeof listEndedDeals>

const bytesServed = { answers: natural, httpBytes: natural, bitswapBytes: natural }

export const listTraffic = {
  id: 'listTraffic',
  method: 'get',
  path: '/admin/v1/traffic',
  summary:
    'What of the stored content is fetched, by its root: the most bytes first, at most 1,000, and all others together',
  params: nothing,
  answer: z.object({
    roots: z.readonly(z.array(z.object({ root: z.string(), ...bytesServed, firstMs: natural, lastMs: natural }))),
    others: z.object(bytesServed),
  }),
  errors: ['TOKEN_INVALID'],
} as const satisfies DescribedOperation
export type ListedTraffic = Parsed<typeof listTraffic>

export const reloadConfig = {
  id: 'reloadConfig',
  method: 'post',
  path: '/admin/v1/reload',
  summary: 'Reads config.json anew and applies it',
  params: nothing,
  answer: z.object({ changed: z.readonly(z.array(z.string())), waiting: z.readonly(z.array(z.string())) }),
  // All but the first are refusals of the file, of which nothing is used then.
  errors: ['TOKEN_INVALID', 'CONFIG_INVALID', 'SEAL_AFTER_TOO_LONG', 'DENYLIST_UNREADABLE', 'VOLUME_FOREIGN'],
} as const satisfies DescribedOperation
export type Reloaded = Parsed<typeof reloadConfig>

export const adminOperations: readonly DescribedOperation[] = [
  getStatus,
  listAlerts,
  listSectors,
  listSectorsUnderWay,
  getSectorLife,
  retrySector,
  abandonSector,
  listDeals,
  listEndedDeals,
  listTraffic,
  reloadConfig,
]
