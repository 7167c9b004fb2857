/** GET /v1/blocks/{height}: the signed header of a block and what was in it. */
import { toHex } from '@granary/base'
import { getBlock } from '@granary/protocol/chain-api'
import type { BlockView } from '@granary/protocol/client'
import { decodeHeader } from '@granary/protocol/header'
import { type ServedOperation, serve } from '@granary/protocol/http'
import type { NodeOperation } from '@granary/protocol/operation'
import type { Engine } from '../../engine/engine.ts'
import type { Store } from '../../store/open-store.ts'
import { NotFoundError } from '../errors.ts'

interface BlockParts {
  readonly engine: Engine
  readonly store: Store
}

export function blockRoutes({ engine, store }: BlockParts): ServedOperation<NodeOperation>[] {
  return [
    serve(getBlock, async ({ params: { height } }): Promise<BlockView> => {
      const [block, signed] = [store.block(height), await engine.signedHeader(height)]
      if (block === undefined || signed === undefined)
        throw new NotFoundError('BLOCK_NOT_FOUND', String(height), 'GET /v1/status names the last one')
      return {
        height,
        hash: block.hash,
        header: decodeHeader(block.header),
        headerBytes: toHex(signed.bytes),
        signature: toHex(signed.signature),
        txs: store.txsOf(height).map(({ id, kind, code }) => ({ id, kind, code })),
      }
    }),
  ]
}
