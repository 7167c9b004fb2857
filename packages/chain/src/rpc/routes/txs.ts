/** POST /v1/txs, GET /v1/txs/{id}: a transaction in, and what became of it. */

import { getTx, submitBody, submitTx } from '@granary/protocol/chain-api'
import type { TxView } from '@granary/protocol/client'
import type { ChainTime } from '@granary/protocol/epochs'
import { type ServedOperation, serve } from '@granary/protocol/http'
import type { Hash } from '@granary/protocol/messages'
import { BUNDLE_BYTES_MAX, TX_BYTES_MAX } from '@granary/protocol/messages'
import { inEnglish, type NodeOperation } from '@granary/protocol/operation'
import express, { type Request, type Response } from 'express'
import type { Engine } from '../../engine/engine.ts'
import type { Store } from '../../store/open-store.ts'
import type { AddressLimits, AddressOf } from '../address-limits.ts'
import { NotFoundError, WaitTimeoutError } from '../errors.ts'
import { inTime } from '../in-time.ts'
import { bodyDone, limitBodies } from '../limit-bodies.ts'
import { nameHeight } from '../name-chain.ts'

/** The largest message with its envelope. */
const BODY_BYTES_MAX = BUNDLE_BYTES_MAX + 4096
/** Base64 of all messages but the large proofs, which come as bytes: to parse megabytes of JSON holds up everybody else. */
const JSON_BYTES_MAX = Math.ceil(TX_BYTES_MAX / 3) * 4 + 64
const WAIT_SECONDS_MAX = 60

/** What is asked about a transaction. */
export interface TxReader {
  readonly engine: Engine
  readonly store: Store
  /** Of the head. */
  readonly time: () => ChainTime
}

export interface TxRoutesParts extends TxReader {
  readonly limits: Required<AddressLimits>
  readonly addressOf: AddressOf
}

export function txRoutes({ limits, addressOf, ...reader }: TxRoutesParts): ServedOperation<NodeOperation>[] {
  const { engine, store } = reader
  return [
    serve(
      submitTx,
      async ({ query: { wait }, request, response }) => {
        const id = await engine.submit(bodyBytes(request))
        bodyDone(response)
        if (wait === 'committed') await waitFor({ engine, store }, id, response)
        const view = readTx(reader, id)
        response.status(view.code === 'PENDING' ? 202 : 200)
        return view
      },
      limitBodies({ limits, addressOf, bytesMax: BODY_BYTES_MAX }),
      // As it comes: what is packed is larger than what its address is counted for.
      express.raw({ type: 'application/octet-stream', limit: BODY_BYTES_MAX, inflate: false }),
      express.json({ limit: JSON_BYTES_MAX, inflate: false }),
    ),
    serve(getTx, ({ params: { id } }) => readTx(reader, id)),
  ]
}

/** @throws NotFoundError TX_NOT_FOUND */
export function readTx({ engine, store, time }: TxReader, id: Hash): TxView {
  const tx = store.tx(id)
  if (tx !== undefined) {
    const { height, kind, code, message, hint, executionMs } = tx
    const events = store.eventsOfTx(height, tx.index)
    const why = { ...(message === undefined ? {} : { message }), ...(hint === undefined ? {} : { hint }) }
    return { id, height, kind, code, ...inTime(why, time()), fee: tx.fee.toString(), events, executionMs }
  }
  const waiting = engine.waiting(id)
  if (waiting !== undefined) {
    const height = store.head()?.height ?? 0
    return { id, height, kind: waiting.kind, code: 'PENDING', fee: '0', events: [], executionMs: 0 }
  }
  throw new NotFoundError(
    'TX_NOT_FOUND',
    id,
    'it was never sent to this node, or dropped before a block: send it again',
  )
}

/** Waits until it is in a block, the caller has gone, or the time is up. */
export async function waitFor(
  { engine, store }: { engine: Engine; store: Store },
  id: Hash,
  response: Response,
): Promise<void> {
  const timeUp = AbortSignal.timeout(WAIT_SECONDS_MAX * 1000)
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  try {
    await engine.waitFor(id, { signal: AbortSignal.any([timeUp, gone.signal]) })
    nameHeight(response, store.head()?.height ?? 0)
  } catch (error) {
    if (timeUp.aborted || gone.signal.aborted) throw new WaitTimeoutError(id, WAIT_SECONDS_MAX)
    throw error
  }
}

function bodyBytes(request: Request): Uint8Array {
  if (request.body instanceof Uint8Array) return new Uint8Array(request.body)
  const { tx } = submitBody.parse(request.body ?? {}, inEnglish)
  return new Uint8Array(Buffer.from(tx, 'base64'))
}
