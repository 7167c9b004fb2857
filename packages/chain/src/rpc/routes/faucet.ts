/** POST /v1/faucet { address }: devnets only; answers when the money is there. */
import express, { Router } from 'express'
import { z } from 'zod'
import type { Engine } from '../../engine/engine.ts'
import type { Store } from '../../store/open-store.ts'
import type { Faucet } from '../create-faucet.ts'
import { address, parse } from '../schemas.ts'
import { readTx, waitFor } from './txs.ts'

const grantBody = z.strictObject({ address })

export function faucetRoutes({ engine, store, faucet }: { engine: Engine; store: Store; faucet: Faucet }): Router {
  const router = Router()
  router.post('/v1/faucet', express.json({ limit: 1024 }), async (request, response) => {
    const body = parse(grantBody, request.body)
    const id = await faucet.grant(body.address)
    await waitFor(engine, id, response)
    response.json(readTx(engine, store, id))
  })
  return router
}
