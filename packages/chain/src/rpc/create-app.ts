/** The node's HTTP interface: docs/spec/chain.md, section 8. Every input passes a schema, every error is `{ error }`. */
import type { RequestListener } from 'node:http'
import { chainDescriptions, getHealth } from '@granary/protocol/chain-api'
import type { ChainTime } from '@granary/protocol/epochs'
import { mount, openApi, serve } from '@granary/protocol/http'
import { hash, natural } from '@granary/protocol/json'
import { type Genesis, genesisHash } from '@granary/protocol/records'
import express from 'express'
import type { Engine } from '../engine/engine.ts'
import type { Store } from '../store/open-store.ts'
import type { AddressLimits, AddressOf } from './address-limits.ts'
import { allowPages } from './allow-pages.ts'
import { answerRpcErrors, answerUnknownPath, type RpcFault } from './answer-errors.ts'
import type { Faucet } from './create-faucet.ts'
import { limitRate } from './limit-rate.ts'
import { GENESIS_HEADER, HEIGHT_HEADER, nameChain } from './name-chain.ts'
import type { NodeMetrics } from './node-metrics.ts'
import { blockRoutes } from './routes/blocks.ts'
import { eventRoutes } from './routes/events.ts'
import { faucetRoutes } from './routes/faucet.ts'
import { governanceRoutes } from './routes/governance.ts'
import { proofRoutes } from './routes/proofs.ts'
import { stateRoutes } from './routes/state.ts'
import { txRoutes } from './routes/txs.ts'

export interface AppParts {
  readonly engine: Engine
  readonly store: Store
  readonly genesis: Genesis
  /** A devnet's. */
  readonly faucet: Faucet | undefined
  readonly version: string
  /** The newest rules that the node goes by. @default those of this program */
  readonly rulesKnown?: number
  readonly metrics: NodeMetrics
  readonly limits: Required<AddressLimits>
  readonly addressOf: AddressOf
  readonly log: (fault: RpcFault) => void
}

export interface App {
  readonly handler: RequestListener
  /** Ends the event streams, which would otherwise never end. */
  close(): void
}

const chainHeaders = {
  [GENESIS_HEADER]: { description: 'Hash of the genesis of the chain', form: hash },
  [HEIGHT_HEADER]: {
    description: 'A height that this node had reached: the state that was read is not older',
    form: natural,
  },
}
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export function createApp(parts: AppParts): App {
  const app = express()
  const { metrics, genesis, store } = parts
  app.disable('x-powered-by')
  // Answers follow the head: hashing each for a 304 would cost more than it saves.
  app.disable('etag')
  const chain = nameChain(genesisHash(genesis), () => store.head()?.height ?? 0)
  app.use(metrics.requests, chain, allowPages, limitRate(parts.limits, parts.addressOf))
  const time = (): ChainTime => {
    const { height, timeMs } = store.head() ?? { height: 0, timeMs: genesis.timeMs }
    return { height, timeMs, blockTimeMs: genesis.blockTimeMs }
  }
  const events = eventRoutes(parts)
  const health = serve(getHealth, () => {
    if (parts.engine.failure !== undefined) throw parts.engine.failure
    if (parts.engine.stalled !== undefined) throw parts.engine.stalled
    return { ok: true, height: parts.store.head()?.height ?? 0 }
  })
  const served = [
    health,
    ...txRoutes({ ...parts, time }),
    ...stateRoutes(parts),
    ...blockRoutes(parts),
    ...proofRoutes(parts),
    ...governanceRoutes(parts),
    events.served,
    ...(parts.faucet === undefined ? [] : faucetRoutes({ ...parts, time, faucet: parts.faucet })),
  ]
  mount(app, served)
  const document = openApi({
    title: 'Granary chain node',
    version: parts.version,
    description:
      'Amounts are decimal strings of attoGRN, bytes are 0x hex, epochs are block heights. Every answer names the genesis of its chain and the height of the node.',
    operations: served.map(({ operation }) => ({ ...operation, ...chainDescriptions[operation.id]! })),
    headers: chainHeaders,
    errors: ['REQUEST_INVALID', 'RATE_LIMITED'],
  })
  app.get('/metrics', async (_, response) => {
    response.type(METRICS_TYPE).send(await metrics.text())
  })
  app.get('/openapi.json', (_, response) => void response.json(document))
  app.use(answerUnknownPath)
  app.use(answerRpcErrors(parts.log, time))
  return { handler: app, close: events.close }
}
