/** The owner's HTTP: the operations of admin-operations.ts, and /metrics; each request carries the token of the home. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { GranaryError } from '@granary/base'
import { mount, openApi, type ServedOperation, serve } from '@granary/protocol/http'
import express, { type Express, type RequestHandler } from 'express'
import type { Alerts } from '../alerts.ts'
import type { ReloadReport } from '../chain/reload-config.ts'
import { liveStates } from '../deals/deal-state.ts'
import type { DealStore } from '../deals/deal-store.ts'
import type { Log } from '../log.ts'
import { dealIdsOf, type SectorState } from '../sectors/sector.ts'
import { lifeOf, sectorsUnderWay } from '../sectors/sector-life.ts'
import type { SectorStore } from '../sectors/store.ts'
import type { Traffic } from '../storage/traffic.ts'
import type { Work } from '../work/create-work.ts'
import {
  abandonSector,
  adminOperations,
  getSectorLife,
  getStatus,
  listAlerts,
  listDeals,
  listEndedDeals,
  listSectors,
  listSectorsUnderWay,
  listTraffic,
  type ProviderStatus,
  reloadConfig,
  retrySector,
} from './admin-operations.ts'
import { type EndedDealsContext, endedDeals, listedDeal } from './ended-deals.ts'
import { errorHandler, notFound } from './error-handler.ts'

export interface AdminContext {
  readonly token: string
  readonly version: string
  readonly status: () => ProviderStatus
  readonly alerts: Alerts
  readonly traffic: Pick<Traffic, 'report'>
  readonly sectors: Pick<SectorStore, 'inStates' | 'get' | 'events'>
  readonly work: Pick<Work, 'retry' | 'abandon'>
  readonly deals: Pick<DealStore, 'inStates' | 'ended'>
  readonly chain: EndedDealsContext['chain']
  readonly reload: () => Promise<ReloadReport>
  readonly metrics: { readonly contentType: string; text(): Promise<string> }
  readonly log: Log
}

/** Those whose files and money are still looked after. */
export const openSectorStates: readonly SectorState[] = [
  ...(['filling', 'sealing', 'sealed', 'precommitting', 'precommitted', 'committing', 'proving'] as const),
]
const PAGE = 1_000

export function createAdminApp(context: AdminContext): Express {
  const app = express()
  app.disable('x-powered-by')
  app.use(requireToken(context.token))
  mount(app, adminRoutes(context))
  app.get('/metrics', async (_, response) => {
    response.type(context.metrics.contentType).send(await context.metrics.text())
  })
  const document = openApi({
    title: 'Granary storage provider, for its owner',
    version: context.version,
    description: 'On the loopback alone. Each request carries `Authorization: Bearer` with the token of admin.json.',
    operations: adminOperations,
    errors: ['REQUEST_INVALID', 'TOKEN_MISSING', 'TOKEN_INVALID'],
  })
  app.get('/openapi.json', (_, response) => void response.json(document))
  app.use(notFound())
  app.use(errorHandler(context.log, (error) => error))
  return app
}

function adminRoutes(context: AdminContext): ServedOperation[] {
  const { status, alerts, traffic, sectors, work, deals, chain, reload } = context
  return [
    serve(getStatus, status),
    serve(listAlerts, () => ({ alerts: alerts.list() })),
    serve(listSectors, ({ query: { after = '-1' } }) => {
      const rest = sectors
        .inStates(...openSectorStates)
        .filter(({ number }) => number > Number(after))
        .toSorted((a, b) => a.number - b.number)
      const page = rest.slice(0, PAGE).map((sector) => ({
        number: sector.number,
        state: sector.phase.state,
        openedAtMs: sector.openedAtMs,
        deals: dealIdsOf(sector),
      }))
      return { sectors: page, next: rest.length > PAGE ? (page.at(-1)?.number ?? null) : null }
    }),
    serve(listSectorsUnderWay, () => {
      const waits = (number: number): string | undefined =>
        alerts.list().find(({ subject }) => subject === `sector ${number}`)?.message
      return { sectors: sectorsUnderWay(sectors, waits) }
    }),
    serve(getSectorLife, ({ params: { number } }) => lifeOf(sectors, Number(number))),
    serve(retrySector, async ({ params: { number } }) => {
      await work.retry(Number(number))
      return lifeOf(sectors, Number(number))
    }),
    serve(abandonSector, async ({ params: { number } }) => {
      await work.abandon(Number(number))
      return lifeOf(sectors, Number(number))
    }),
    serve(listDeals, () => ({ deals: deals.inStates(liveStates).map(listedDeal) })),
    serve(listEndedDeals, ({ query: { before } }) =>
      endedDeals({ deals, chain }, before === undefined ? Number.MAX_SAFE_INTEGER : Number(before)),
    ),
    serve(listTraffic, () => traffic.report(PAGE)),
    serve(reloadConfig, reload),
  ]
}

function requireToken(token: string): RequestHandler {
  const expected = digestOf(`Bearer ${token}`)
  return (request, _, next) => {
    const given = request.get('authorization')
    if (given === undefined) throw refused('TOKEN_MISSING', 'this is for the owner, and the request carries no token')
    // Of the same length whatever is given, and compared in the same time.
    if (!timingSafeEqual(digestOf(given), expected))
      throw refused('TOKEN_INVALID', 'this is not the token of the owner')
    next()
  }
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function refused(code: 'TOKEN_MISSING' | 'TOKEN_INVALID', message: string): GranaryError {
  return new GranaryError({ code, message, hint: 'send the token of admin.json in the folder of the provider' })
}
