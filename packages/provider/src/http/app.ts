/** The provider's public HTTP (docs/spec/market-protocol.md): parse, call the one function that does it, answer. */

import { toHex } from '@granary/base'
import type { Profile } from '@granary/proofs/profile'
import type { ProviderView } from '@granary/protocol/client'
import type { TimelineEntryJson } from '@granary/protocol/events'
import { listenTo, mount, openApi, type ServedOperation, serve } from '@granary/protocol/http'
import {
  agreeDeal,
  followDeal,
  getDeal,
  getInfo,
  logIn,
  marketDescriptions,
  renewDeal,
  requestQuote,
} from '@granary/protocol/market'
import {
  type Address,
  type DealTerms,
  dealRenewal,
  dealTermsToJson,
  type Hash,
  type Quote,
  quoteToJson,
} from '@granary/protocol/messages'
import type { Answer } from '@granary/protocol/operation'
import express, { type Express, type RequestHandler, type Router } from 'express'
import type { Alerts } from '../alerts.ts'
import type { DealRecord, DealStore } from '../deals/deal-store.ts'
import { type FindDealContext, findDeal } from '../deals/find-deal.ts'
import type { Timeline } from '../deals/timeline.ts'
import type { Log } from '../log.ts'
import type { AcceptedPiece } from '../market/accept-piece.ts'
import type { QuoteRequest } from '../market/issue-quote.ts'
import type { LoginRequest } from '../market/log-in.ts'
import type { RenewalRequest, SignedRenewal } from '../market/sign-renewal.ts'
import type { Tokens } from '../market/tokens.ts'
import { cors } from './cors.ts'
import { sendTimeline } from './deal-events.ts'
import { errorHandler, notFound } from './error-handler.ts'
import { healthRoutes } from './health.ts'
import { type AddressLimits, limitAddresses } from './limit-addresses.ts'
import { openToBrowsers, retrievalPaths } from './open-to-browsers.ts'

export interface ProviderInfo {
  readonly view: ProviderView
  readonly address: Address
  readonly multiaddrs: readonly string[]
  readonly profile: Profile
  readonly freeBytes: number
  readonly ordersMax: number
  readonly chain: { readonly genesisHash: Hash; readonly height: number; readonly url: string }
}

export interface AppContext extends FindDealContext {
  readonly info: () => Promise<ProviderInfo>
  readonly version: string
  readonly limits: AddressLimits
  readonly head: () => number
  readonly issueQuote: (request: QuoteRequest) => Promise<{ quote: Quote; signature: Uint8Array }>
  readonly logIn: (request: LoginRequest) => Promise<{ token: string; expiresAt: number }>
  readonly signRenewal: (request: RenewalRequest) => Promise<SignedRenewal>
  readonly acceptPiece: (request: { client: Address; uploadId: string; terms: DealTerms }) => Promise<AcceptedPiece>
  readonly tokens: Tokens
  readonly deals: DealStore
  readonly timeline: Timeline
  readonly uploads: Router
  readonly retrieval: Router
  readonly alerts: Alerts
  readonly log: Log
}

export function createApp(context: AppContext): Express {
  const app = express()
  app.disable('x-powered-by')
  app.use(['/v1', '/healthz', '/readyz', '/openapi.json'], cors())
  // Retrieval has headers of its own to allow.
  app.use(retrievalPaths, openToBrowsers())
  app.use(limitAddresses(context.limits))
  app.use(context.uploads)
  const served = [...healthRoutes(context), ...apiRoutes(context)]
  mount(app, served)
  const document = openApi({
    title: 'Granary storage provider',
    version: context.version,
    description:
      'Amounts and epochs are decimal strings, bytes are 0x hex. Uploads are tus 1.0 at /v1/uploads, and retrieval is that of an IPFS trustless gateway.',
    operations: served.map(({ operation }) => ({ ...operation, ...marketDescriptions[operation.id]! })),
    errors: ['REQUEST_INVALID', 'RATE_LIMITED', 'BYTES_LIMITED'],
  })
  app.get('/openapi.json', (_, response) => void response.json(document))
  app.use(context.retrieval)
  app.use(notFound())
  app.use(errorHandler(context.log))
  return app
}

function apiRoutes(context: AppContext): ServedOperation[] {
  const requireToken: RequestHandler = (request, _, next) => {
    context.tokens.clientOf(request.get('authorization'))
    next()
  }
  // Only here: retrieval and uploads read their own bodies.
  const readJson = express.json({ limit: '64kb', inflate: false })
  return [
    serve(getInfo, async () => infoJson(await context.info(), context.version)),
    serve(
      requestQuote,
      async ({ body, request }) => {
        const asker = context.limits.addressOf(request.socket)
        const { quote, signature } = await context.issueQuote({ ...body, asker })
        return { quote: quoteToJson(quote), signature: toHex(signature) }
      },
      readJson,
    ),
    serve(logIn, ({ body }) => context.logIn(body), readJson),
    serve(
      agreeDeal,
      async ({ body, request, response }) => {
        const client = context.tokens.clientOf(request.get('authorization'))
        // Nothing moves on the line while a large piece is hashed.
        request.setTimeout(0)
        const { deal, created } = await context.acceptPiece({ client, ...body })
        response.status(created ? 201 : 200)
        return agreementJson(deal)
      },
      readJson,
      requireToken,
    ),
    serve(
      renewDeal,
      async ({ body, request }) => {
        const client = context.tokens.clientOf(request.get('authorization'))
        const { renewal, signature } = await context.signRenewal({ client, ...body })
        return { renewal: dealRenewal.toJson(renewal, 'renewal'), signature: toHex(signature) }
      },
      readJson,
      requireToken,
    ),
    serve(getDeal, async ({ params }) => {
      const deal = await findDeal(context, params.id)
      return dealJson(deal, context.timeline.latest(deal.agreementId))
    }),
    listenTo(followDeal, (input) => sendTimeline(context, input)),
  ]
}

function infoJson(info: ProviderInfo, version: string): Answer<typeof getInfo> {
  const { view, address, multiaddrs, profile, freeBytes, ordersMax, chain } = info
  const { id, peerId, endpoints, name, region, ask } = view
  const profiles = ask?.profiles ?? [profile.name]
  const { sectorBytes } = profile
  return {
    ...{ id, address, peerId, multiaddrs, endpoints, name, region, ask, profiles },
    ...{ profile: { name: profile.name, sectorBytes }, freeBytes, ordersMax, version },
    // A user, a path or a query of the node may be a key.
    chain: { ...chain, url: new URL(chain.url).origin },
  }
}

function agreementJson(deal: DealRecord): Answer<typeof agreeDeal> {
  const { agreementId, terms, signature } = deal
  return { agreementId, terms: dealTermsToJson(terms), signature: toHex(signature) }
}

function dealJson(deal: DealRecord, timeline: readonly TimelineEntryJson[]): Answer<typeof getDeal> {
  const { dealId = null, state, reason = null, sector = null } = deal
  return { ...agreementJson(deal), dealId, state, reason, sector, timeline }
}
