/** GET /v1/blocks/{height}: the signed header of a block and what was in it. */
import { toHex } from '@granary/base'
import { getBlock } from '@granary/protocol/chain-api'
import type { BlockView } from '@granary/protocol/client'
import { decodeHeader } from '@granary/protocol/header'
import { type ServedOperation, serve } from '@granary/protocol/http'
import type { NodeOperation } from '@granary/protocol/operation'
import type { Store } from '../../store/open-store.ts'
import { NotFoundError } from '../errors.ts'

export function blockRoutes({ store }: { store: Store }): ServedOperation<NodeOperation>[] {
  return [
    serve(getBlock, ({ params: { height } }): BlockView => {
      const block = store.block(height)
      if (block === undefined)
        throw new NotFoundError('BLOCK_NOT_FOUND', String(height), 'GET /v1/status names the last one')
      return {
        height,
        hash: block.hash,
        header: decodeHeader(block.header),
        signature: toHex(block.signature),
        txs: store.txsOf(height).map(({ id, kind, code }) => ({ id, kind, code })),
      }
    }),
  ]
}
