/** GET /v1/blocks/{height}: the signed header of a block and what was in it. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { Router } from 'express'
import { z } from 'zod'
import type { BlockView } from '../../client/views.ts'
import { decodeHeader } from '../../engine/header.ts'
import type { Store } from '../../store/open-store.ts'
import { NotFoundError } from '../errors.ts'
import { natural, parse } from '../schemas.ts'

const blockParams = z.strictObject({ height: natural })

export function blockRoutes({ store }: { store: Store }): Router {
  const router = Router()
  router.get('/v1/blocks/:height', (request, response) => {
    const { height } = parse(blockParams, request.params)
    const block = store.block(height)
    if (block === undefined) throw new NotFoundError('block', String(height), 'GET /v1/status names the last one')
    const view: BlockView = {
      height,
      hash: block.hash,
      header: decodeHeader(block.header),
      signature: `0x${bytesToHex(block.signature)}`,
      txs: store.txsOf(height).map(({ id, kind, code }) => ({ id, kind, code })),
    }
    response.json(view)
  })
  return router
}
