/** POST /v1/faucet { address }: devnets only; answers when the money is there. */

import { askFaucet } from '@granary/protocol/chain-api'
import { type ServedOperation, serve } from '@granary/protocol/http'
import type { NodeOperation } from '@granary/protocol/operation'
import express from 'express'
import type { Faucet } from '../create-faucet.ts'
import { readTx, type TxReader, waitFor } from './txs.ts'

const BODY_BYTES_MAX = 1024

export function faucetRoutes({
  faucet,
  ...reader
}: TxReader & { readonly faucet: Faucet }): ServedOperation<NodeOperation>[] {
  return [
    serve(
      askFaucet,
      async ({ body, response }) => {
        const id = await faucet.grant(body.address)
        await waitFor(reader, id, response)
        return readTx(reader, id)
      },
      express.json({ limit: BODY_BYTES_MAX, inflate: false }),
    ),
  ]
}
