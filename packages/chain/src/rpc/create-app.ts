/** The node's HTTP interface: docs/spec/chain.md, section 8. Every input passes a schema, every error is `{ error }`. */
import type { RequestListener } from 'node:http'
import express, { type RequestHandler } from 'express'
import type { Engine } from '../engine/engine.ts'
import type { Genesis } from '../state/index.ts'
import type { Store } from '../store/open-store.ts'
import { answerErrors, answerUnknownPath, type RpcFault } from './answer-errors.ts'
import type { Faucet } from './create-faucet.ts'
import { openApi } from './open-api.ts'
import { serve } from './operation.ts'
import { getHealth } from './operations.ts'
import { blockRoutes } from './routes/blocks.ts'
import { eventRoutes } from './routes/events.ts'
import { faucetRoutes } from './routes/faucet.ts'
import { proofRoutes } from './routes/proofs.ts'
import { stateRoutes } from './routes/state.ts'
import { txRoutes } from './routes/txs.ts'

export interface AppParts {
  readonly engine: Engine
  readonly store: Store
  readonly genesis: Genesis
  readonly faucet: Faucet
  readonly version: string
  readonly log: (fault: RpcFault) => void
}

export interface App {
  readonly handler: RequestListener
  /** Ends the event streams, which would otherwise never end. */
  close(): void
}

export function createApp(parts: AppParts): App {
  const app = express()
  app.disable('x-powered-by')
  // Answers follow the head: hashing each for a 304 would cost more than it saves.
  app.disable('etag')
  app.use(allowReading)
  const events = eventRoutes(parts)
  const health = serve(getHealth, () => {
    if (parts.engine.failure !== undefined) throw parts.engine.failure
    return { ok: true, height: parts.store.head()?.height ?? 0 }
  })
  const served = [
    health,
    ...txRoutes(parts),
    ...stateRoutes(parts),
    ...blockRoutes(parts),
    ...proofRoutes(parts),
    events.served,
    ...faucetRoutes(parts),
  ]
  for (const { router } of served) app.use(router)
  const document = openApi(
    served.map(({ operation }) => operation),
    parts.version,
  )
  app.get('/openapi.json', (_, response) => void response.json(document))
  app.use(answerUnknownPath)
  app.use(answerErrors(parts.log))
  return { handler: app, close: events.close }
}

/** Pages of any origin may read; what changes something, they may not. */
const allowReading: RequestHandler = (request, response, next) => {
  response.set('access-control-allow-origin', '*')
  if (request.method !== 'OPTIONS') return next()
  response.set('access-control-allow-methods', 'GET, HEAD')
  response.set('access-control-allow-headers', 'last-event-id')
  response.status(204).end()
}
