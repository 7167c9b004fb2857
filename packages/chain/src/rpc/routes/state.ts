/** GET of what the state holds: status, parameters, supply, accounts, providers, deals, sectors, randomness. */

import {
  getAccount,
  getChallenge,
  getDeal,
  getGenesis,
  getParams,
  getPartition,
  getProvider,
  getRandomness,
  getSector,
  getSessionKey,
  getStatus,
  getSupply,
  getValidator,
  listChallenges,
  listDeals,
  listMembers,
  listPartitions,
  listProviders,
  listSessionKeys,
  listValidators,
} from '@granary/protocol/chain-api'
import type { DealView, NodeClock } from '@granary/protocol/client'
import { type ServedOperation, serve } from '@granary/protocol/http'
import type { NodeOperation } from '@granary/protocol/operation'
import { chainParams, feeParams, type Genesis, genesisHash, genesisToJson } from '@granary/protocol/records'
import type { Engine } from '../../engine/engine.ts'
import {
  accountView,
  challengeView,
  currentFees,
  dealView,
  memberViews,
  openChallenges,
  partitionView,
  partitionViews,
  providerView,
  providerViews,
  randomnessView,
  readParams,
  sectorView,
  sessionKeyView,
  sessionKeyViews,
  supplyView,
  validatorView,
  validatorViews,
} from '../../state/index.ts'
import type { Store } from '../../store/open-store.ts'
import { ChallengeNotOpenError, NotFoundError, RandomnessNotReadyError } from '../errors.ts'
import { cursor } from './cursor.ts'

export interface StateRoutesParts {
  readonly engine: Engine
  readonly store: Store
  readonly genesis: Genesis
  readonly version: string
}

export function stateRoutes({ engine, store, genesis, version }: StateRoutesParts): ServedOperation<NodeOperation>[] {
  const { reader } = store
  const chain = genesisHash(genesis)
  const genesisJson = genesisToJson(genesis)
  // Each answer is one synchronous step: its height is that of the state that was read.
  const height = () => store.head()?.height ?? 0

  return [
    serve(getStatus, () => {
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
        clock: clockOf(engine),
      }
    }),
    serve(getParams, () => {
      const params = readParams(reader)
      const fees = feeParams.toJson(currentFees(reader, params), 'fees')
      return { height: height(), fees: { ...fees }, params: { ...chainParams.toJson(params, 'params') } }
    }),
    serve(getSupply, () => ({ height: height(), ...supplyView(reader) })),
    serve(getGenesis, () => ({ height: height(), genesisHash: chain, genesis: { ...genesisJson } })),

    serve(getAccount, ({ params }) => {
      const view = accountView(reader, params.address)
      const sequences = { ...view.sequences }
      for (const lane of engine.lanesOf(params.address)) sequences[lane] = engine.nextSequence(params.address, lane)
      return { height: height(), ...view, sequences }
    }),

    serve(getSessionKey, ({ params: { address, publicKey } }) => {
      const view = sessionKeyView(reader, address, publicKey)
      if (view === undefined)
        throw new NotFoundError(
          'KEY_NOT_FOUND',
          publicKey,
          'GET /v1/accounts/{address}/keys lists those of the account',
        )
      return { height: height(), ...view }
    }),
    serve(listSessionKeys, ({ params: { address }, query: { after, limit } }) => {
      const views = sessionKeyViews(reader, address, after, limit)
      return { height: height(), items: views, next: cursor(views, limit, ({ publicKey }) => publicKey) }
    }),

    serve(listProviders, ({ query: { after, limit } }) => {
      const views = providerViews(reader, after, limit)
      return { height: height(), items: views, next: cursor(views, limit, (view) => view.id) }
    }),
    serve(getProvider, ({ params: { id } }) => {
      const view = providerView(reader, id)
      if (view === undefined)
        throw new NotFoundError(
          'PROVIDER_NOT_FOUND',
          String(id),
          '`granary providers`, or GET /v1/providers, lists them',
        )
      return { height: height(), ...view }
    }),
    serve(listPartitions, ({ params: { id }, query: { after, limit } }) => {
      const views = partitionViews(reader, id, after, limit)
      return { height: height(), items: views, next: cursor(views, limit, (view) => view.number) }
    }),

    serve(getPartition, ({ params: { id, partition } }) => {
      const view = partitionView(reader, id, partition)
      if (view === undefined)
        throw new NotFoundError(
          'PARTITION_NOT_FOUND',
          `${id}/${partition}`,
          'GET /v1/providers/{id}/partitions lists them',
        )
      return { height: height(), ...view }
    }),
    serve(listMembers, ({ params: { id, partition }, query: { limit, ...query } }) => {
      const views = memberViews(reader, { provider: id, partition }, query, limit)
      return { height: height(), items: views, next: cursor(views, limit, (view) => view.position) }
    }),
    serve(listChallenges, ({ params: { id }, query: { after, limit } }) => {
      const views = openChallenges(reader, id, after, limit)
      return { height: height(), items: views, next: cursor(views, limit, (view) => view.partition) }
    }),
    serve(getChallenge, ({ params: { id, partition, kind } }) => {
      const view = challengeView(reader, { provider: id, partition }, kind)
      if (view === undefined) throw new ChallengeNotOpenError(id, partition, kind)
      return { height: height(), ...view }
    }),

    serve(getValidator, ({ params: { publicKey } }) => {
      const view = validatorView(reader, publicKey)
      if (view === undefined)
        throw new NotFoundError('VALIDATOR_NOT_FOUND', publicKey, '`granary chain validator list` lists them')
      return { height: height(), ...view }
    }),
    serve(listValidators, ({ query: { after, limit } }) => {
      const views = validatorViews(reader, after, limit)
      return { height: height(), items: views, next: cursor(views, limit, ({ publicKey }) => publicKey) }
    }),

    serve(listDeals, ({ query: { after = 0, limit, ids: wanted, ...filter } }) => {
      const ids = store.findDeals({ ...filter, ids: wanted }, after, limit)
      return { height: height(), items: ids.map((id) => readDeal(store, id)), next: cursor(ids, limit, (id) => id) }
    }),
    serve(getDeal, ({ params: { id } }) => ({ height: height(), ...readDeal(store, id) })),

    serve(getSector, ({ params: { provider, number } }) => {
      const view = sectorView(reader, provider, number)
      if (view === undefined)
        throw new NotFoundError(
          'SECTOR_NOT_FOUND',
          `${provider}/${number}`,
          'a sector is there once it has been pre-committed',
        )
      return { height: height(), ...view }
    }),

    serve(getRandomness, ({ query }) => {
      const randomness = randomnessView(reader, query)
      if (randomness === undefined) throw new RandomnessNotReadyError(query.epoch, height())
      return { height: height(), epoch: query.epoch, tag: query.tag, randomness }
    }),
  ]
}

function clockOf({ clock: { trust, newestRound, silentMs, dispute }, stalled }: Engine): NodeClock {
  return {
    trust,
    newestRound: newestRound ?? null,
    silentMs: Math.floor(silentMs),
    aheadMs: dispute === undefined ? null : Math.round(dispute.clockMs - dispute.beaconMs),
    stalled: stalled?.code ?? null,
  }
}

function readDeal(store: Store, id: number): DealView {
  const view = dealView(store.reader, id)
  if (view === undefined)
    throw new NotFoundError(
      'DEAL_NOT_FOUND',
      String(id),
      '`granary deals` lists those of your account, and GET /v1/deals those of all, by pieceCid or rootCid',
    )
  return view
}
