/** What is served while the chain is waited for: the pieces that are here, and what is wrong. */
import { GranaryError } from '@granary/base'
import { mount } from '@granary/protocol/http'
import express, { type Express, type Router } from 'express'
import type { Alerts } from '../alerts.ts'
import type { Log } from '../log.ts'
import { cors } from './cors.ts'
import { errorHandler } from './error-handler.ts'
import { healthRoutes } from './health.ts'
import { type AddressLimits, limitAddresses } from './limit-addresses.ts'
import { openToBrowsers, retrievalPaths } from './open-to-browsers.ts'

export interface WaitingAppContext {
  readonly limits: AddressLimits
  readonly head: () => number
  readonly retrieval: Router
  readonly alerts: Alerts
  readonly log: Log
}

export function createWaitingApp(context: WaitingAppContext): Express {
  const app = express()
  app.disable('x-powered-by')
  app.use(['/v1', '/healthz', '/readyz'], cors())
  app.use(retrievalPaths, openToBrowsers())
  app.use(limitAddresses(context.limits))
  mount(app, healthRoutes(context))
  app.use(context.retrieval)
  app.use(() => {
    throw new GranaryError({
      code: 'STARTING',
      message: 'the provider waits for its chain',
      hint: 'try again in a moment; what it stores is served meanwhile',
    })
  })
  app.use(errorHandler(context.log))
  return app
}
