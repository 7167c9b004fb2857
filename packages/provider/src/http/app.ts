/** The provider's public HTTP (docs/spec/market-protocol.md): parse, call the one function that does it, answer. */

import { toHex } from '@granary/base'
import type { Profile } from '@granary/proofs/profile'
import type { ProviderView } from '@granary/protocol/client'
import type { TimelineEntryJson } from '@granary/protocol/events'
import { agreeDeal, followDeal, getDeal, getInfo, logIn, requestQuote } from '@granary/protocol/market'
import {
  type Address,
  type DealTerms,
  dealTermsToJson,
  type Hash,
  type Quote,
  quoteToJson,
} from '@granary/protocol/messages'
import type { Answer } from '@granary/protocol/operation'
import express, { type Express, type RequestHandler, type Router } from 'express'
import type { Alerts } from '../alerts.ts'
import type { AcceptedPiece } from '../deals/accept-piece.ts'
import type { DealRecord, DealStore } from '../deals/deal-store.ts'
import { type FindDealContext, findDeal } from '../deals/find-deal.ts'
import type { QuoteRequest } from '../deals/issue-quote.ts'
import type { LoginRequest } from '../deals/log-in.ts'
import type { Timeline } from '../deals/timeline.ts'
import type { Tokens } from '../deals/tokens.ts'
import type { Log } from '../log.ts'
import { cors } from './cors.ts'
import { sendTimeline } from './deal-events.ts'
import { errorHandler, notFound } from './error-handler.ts'
import { healthRoutes } from './health.ts'
import { type AddressLimits, limitAddresses } from './limit-addresses.ts'
import { listenTo, serve } from './serve.ts'

export interface ProviderInfo {
  readonly view: ProviderView
  readonly address: Address
  readonly multiaddrs: readonly string[]
  readonly profile: Profile
  readonly freeBytes: number
  readonly chain: { readonly genesisHash: Hash; readonly height: number; readonly url: string }
  readonly version: string
}

export interface AppContext extends FindDealContext {
  readonly info: () => Promise<ProviderInfo>
  readonly limits: AddressLimits
  readonly head: () => number
  readonly issueQuote: (request: QuoteRequest) => Promise<{ quote: Quote; signature: Uint8Array }>
  readonly logIn: (request: LoginRequest) => { token: string; expiresAt: number }
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
  // Retrieval has headers of its own to allow.
  app.use(['/v1', '/healthz', '/readyz'], cors())
  app.use(limitAddresses(context.limits))
  app.use(healthRoutes(context))
  app.use(context.uploads)
  app.use(apiRoutes(context))
  app.use(context.retrieval)
  app.use(notFound())
  app.use(errorHandler(context.log))
  return app
}

function apiRoutes(context: AppContext): Router {
  const router = express.Router()
  const requireToken: RequestHandler = (request, _, next) => {
    context.tokens.clientOf(request.get('authorization'))
    next()
  }
  // Only here: retrieval and uploads read their own bodies.
  router.use('/v1', express.json({ limit: '64kb', inflate: false }))
  serve(router, getInfo, async () => infoJson(await context.info()))
  serve(router, requestQuote, async ({ body, request }) => {
    const asker = context.limits.addressOf(request.socket)
    const { quote, signature } = await context.issueQuote({ ...body, asker })
    return { quote: quoteToJson(quote), signature: toHex(signature) }
  })
  serve(router, logIn, ({ body }) => context.logIn(body))
  serve(
    router,
    agreeDeal,
    async ({ body, request, response }) => {
      const client = context.tokens.clientOf(request.get('authorization'))
      // Nothing moves on the line while a large piece is hashed.
      request.setTimeout(0)
      const { deal, created } = await context.acceptPiece({ client, ...body })
      response.status(created ? 201 : 200)
      return agreementJson(deal)
    },
    requireToken,
  )
  serve(router, getDeal, async ({ params }) => {
    const deal = await findDeal(context, params.id)
    return dealJson(deal, context.timeline.latest(deal.agreementId))
  })
  listenTo(router, followDeal, (input) => sendTimeline(context, input))
  return router
}

function infoJson(info: ProviderInfo): Answer<typeof getInfo> {
  const { view, address, multiaddrs, profile, freeBytes, chain, version } = info
  const { id, peerId, endpoints, name, region, ask } = view
  const profiles = ask?.profiles ?? [profile.name]
  const { sectorBytes } = profile
  return {
    ...{ id, address, peerId, multiaddrs, endpoints, name, region, ask, profiles },
    ...{ profile: { name: profile.name, sectorBytes }, freeBytes, chain, version },
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
