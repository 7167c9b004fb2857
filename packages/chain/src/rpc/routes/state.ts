/** GET of what the state holds: status, parameters, accounts, providers, deals, sectors, randomness. */
import { type RequestHandler, Router } from 'express'
import { z } from 'zod'
import type { AccountView, ChainStatus, DealView, Page, PartitionView, ProviderView } from '../../client/views.ts'
import type { Engine } from '../../engine/engine.ts'
import {
  accountView,
  chainParams,
  dealView,
  type Genesis,
  genesisHash,
  genesisToJson,
  partitionViews,
  providerView,
  providerViews,
  randomnessView,
  readParams,
  sectorView,
} from '../../state/index.ts'
import type { Store } from '../../store/open-store.ts'
import { NotFoundError, RandomnessNotReadyError } from '../errors.ts'
import { address, cid, natural, nothing, page, parse } from '../schemas.ts'

const accountParams = z.strictObject({ address })
const idParams = z.strictObject({ id: natural })
const sectorParams = z.strictObject({ provider: natural, number: natural })
const pageQuery = z.strictObject(page)
const dealsQuery = z.strictObject({
  ...page,
  pieceCid: cid.optional(),
  rootCid: cid.optional(),
  client: address.optional(),
  provider: natural.optional(),
})
const randomnessQuery = z.strictObject({
  tag: z.enum(['TICKET', 'SEED', 'POST', 'RECOVERY']),
  epoch: natural,
  provider: natural,
  sector: natural,
})

export interface StateRoutesParts {
  readonly engine: Engine
  readonly store: Store
  readonly genesis: Genesis
  readonly version: string
}

export function stateRoutes({ engine, store, genesis, version }: StateRoutesParts): Router {
  const { reader } = store
  const router = Router()
  const chain = genesisHash(genesis)
  const genesisJson = genesisToJson(genesis)
  const height = () => store.head()?.height ?? 0

  const get = (path: string, answer: (params: unknown, query: unknown) => object) => {
    const handler: RequestHandler = (request, response) => {
      const view = answer(request.params, request.query)
      // One synchronous step: the height is that of the state that was read.
      response.json({ height: height(), ...view })
    }
    router.get(path, handler)
  }

  get('/v1/status', (_, query): ChainStatus => {
    parse(nothing, query)
    const head = store.head()
    const { chainId, devnet, blockTimeMs } = genesis
    return {
      genesisHash: chain,
      chainId,
      devnet,
      height: head?.height ?? 0,
      timeMs: head?.timeMs ?? genesis.timeMs,
      blockTimeMs,
      appHash: head?.appHash ?? chain,
      version,
    }
  })
  get('/v1/params', (_, query) => {
    parse(nothing, query)
    return { params: chainParams.toJson(readParams(reader), 'params') }
  })
  get('/v1/genesis', (_, query) => {
    parse(nothing, query)
    return { genesisHash: chain, genesis: genesisJson }
  })

  get('/v1/accounts/:address', (params): AccountView => {
    const owner = parse(accountParams, params).address
    const view = accountView(reader, owner)
    const sequences = { ...view.sequences }
    for (const { lane, pending } of engine.lanesOf(owner)) sequences[lane] = (sequences[lane] ?? 0) + pending
    return { height: height(), ...view, sequences }
  })

  get('/v1/providers', (_, query): Page<ProviderView> => {
    const { after, limit } = parse(pageQuery, query)
    const views = providerViews(reader, after, limit)
    return { height: height(), items: views, next: cursor(views, limit, (view) => view.id) }
  })
  get('/v1/providers/:id', (params): ProviderView => {
    const { id } = parse(idParams, params)
    const view = providerView(reader, id)
    if (view === undefined) throw new NotFoundError('provider', String(id), 'GET /v1/providers lists them')
    return view
  })
  get('/v1/providers/:id/partitions', (params, query): Page<PartitionView> => {
    const { id } = parse(idParams, params)
    const { after, limit } = parse(pageQuery, query)
    const views = partitionViews(reader, id, after, limit)
    return { height: height(), items: views, next: cursor(views, limit, (view) => view.number) }
  })

  get('/v1/deals', (_, query): Page<DealView> => {
    const { after = 0, limit, ...filter } = parse(dealsQuery, query)
    const ids = store.findDeals(filter, after, limit)
    return { height: height(), items: ids.map((id) => readDeal(store, id)), next: cursor(ids, limit, (id) => id) }
  })
  get('/v1/deals/:id', (params): DealView => {
    const { id } = parse(idParams, params)
    return readDeal(store, id)
  })

  get('/v1/sectors/:provider/:number', (params) => {
    const { provider, number } = parse(sectorParams, params)
    const view = sectorView(reader, provider, number)
    if (view === undefined)
      throw new NotFoundError('sector', `${provider}/${number}`, 'a sector is there once it has been pre-committed')
    return view
  })

  get('/v1/randomness', (_, query) => {
    const input = parse(randomnessQuery, query)
    const randomness = randomnessView(reader, input)
    if (randomness === undefined) throw new RandomnessNotReadyError(input.epoch, height())
    return { epoch: input.epoch, tag: input.tag, randomness }
  })
  return router
}

function readDeal(store: Store, id: number): DealView {
  const view = dealView(store.reader, id)
  if (view === undefined)
    throw new NotFoundError('deal', String(id), 'GET /v1/deals lists them, by pieceCid or rootCid')
  return view
}

/** A full page may have a next one. */
function cursor<T>(items: readonly T[], limit: number, keyOf: (item: T) => number): string | null {
  const last = items.at(-1)
  return items.length < limit || last === undefined ? null : String(keyOf(last))
}
