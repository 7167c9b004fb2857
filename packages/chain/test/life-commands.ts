/** Commands over deals and sectors, each done to a real chain and to the model, which must agree after every block. */
import { fromHex } from '@granary/base'
import { type NamedProfile, profileNamed } from '@granary/proofs/profile'
import { drawSamples } from '@granary/proofs/verify'
import {
  type Hash,
  type MessageBodies,
  type Signer,
  type TransactionName,
  typedDealRenewal,
} from '@granary/protocol/messages'
import { expect } from '@jest/globals'
import fc from 'fast-check'
import { dealView, providerView, sectorView } from '../src/state/index.ts'
import { claimedAnswer, claimedPiece, claimedPoRep, claimedProofs, claimedSector } from './claimed-proofs.ts'
import {
  createLife,
  dealEnd,
  type Life,
  type LifeModel,
  type LifeParams,
  type ModelDeal,
  type ModelPartition,
  type ModelSector,
  stateOfDeal,
} from './life-model.ts'
import { profilesWith } from './profiles-with.ts'
import { createTestChain, fund, registerProvider, signTerms, type TestChain, termsFor } from './test-chain.ts'
import { wholePartitions } from './whole-partitions.ts'

const PRICE = 1_000_000_007n
const params = {
  provingPeriod: 10,
  partitionSectorsMax: 3,
  partitionDeposit: 10n ** 15n,
  cutoff: 2,
  faultGrace: 8,
  faultMaxAge: 25,
  accountFee: 0n,
  declaredFaultFee: 5,
  missedProofFee: 20,
  terminationFee: 200,
  skipFactor: 2,
  skipFloorPeriods: 100,
  postSamples: 2,
  seedDelay: 2,
  commitExpiry: 12,
}
const WINDOW = 5
const PROFILE: NamedProfile = profileNamed('2KiB-test')
/** Of a sector of 2 KiB at 0.01 GRN a GiB, rounded up. */
const PLEDGE = 19_073_486_329n

export interface Ranch {
  readonly chain: TestChain
  readonly client: Signer
  readonly owner: Signer
  readonly provider: number
  readonly life: Life
}

/** @param stores: deals in sectors that are proven already */
export function createRanch({ stores }: { stores: number }): { model: LifeModel; real: Ranch } {
  const chain = createTestChain({
    verifiers: claimedProofs,
    params: {
      ...params,
      capacityReward: 0n,
      serviceShareBps: 0,
      ticketMaxAge: 30,
      dealDurationMin: 5,
      dealDurationMax: 1_000,
      activateWithinMin: 3,
      profiles: profilesWith({
        '2KiB-test': WINDOW,
        '8MiB-dev': 5,
        '512MiB': 28,
        '4GiB': 220,
        '32GiB': 1_800,
        '64GiB': 3_600,
      }),
    },
  })
  const client = fund(chain, 2)
  const owner = fund(chain, 3)
  const provider = registerProvider(chain, owner)
  const { free, locked } = providerView(chain.state, provider)!.collateral
  const model: LifeModel = {
    height: chain.height,
    drawnThrough: chain.height,
    deals: [],
    sectors: [],
    partitions: [],
    client: chain.balance(client.address),
    owner: chain.balance(owner.address),
    free: BigInt(free),
    locked: BigInt(locked),
  }
  const lifeParams: LifeParams = { ...params, window: WINDOW, pledge: PLEDGE }
  const real = { chain, client, owner, provider, life: createLife(model, lifeParams) }
  for (let count = 0; count < stores; count++) void store(50 - 20 * count, 5).run(model, real)
  return { model, real }
}

type Command = fc.Command<LifeModel, Ranch>

interface Sent<N extends TransactionName = TransactionName> {
  readonly signer: 'client' | 'owner'
  readonly kind: N
  readonly body: MessageBodies[N]
  /** What the model says will become of it. */
  readonly code: string
  /** What it does to the model when it succeeds. */
  readonly effect: () => void
}

/** A block with these messages, in the chain and in the model. */
function block(model: LifeModel, real: Ranch, sent: readonly Sent[] = []): void {
  const { chain, provider, life } = real
  const txs = sent.map(({ signer, kind, body }, lane) => chain.sign(real[signer], kind, body as never, { lane }))
  const { results } = chain.produce(txs)
  model.height += 1
  const done = results.filter(({ id }) => id !== null)
  for (const { signer, kind, code, effect } of sent) {
    const result = done.find((each) => each.kind === kind)
    if (result !== undefined) done.splice(done.indexOf(result), 1)
    expect([kind, result?.code ?? 'NOT_ADMITTED']).toEqual([kind, code])
    model[signer] -= result?.fee ?? 0n
    if (code === 'OK') effect()
  }
  const now = chain.events.filter(({ height }) => height === model.height)
  life.endBlock(now.filter((event) => event.type === 'challenge:opened').map((each) => each.partition))
  compare(model, real)
  expect(
    model.partitions.flatMap(({ recovery, number }) => (recovery?.epoch === model.height ? [number] : [])),
  ).toEqual(now.filter((event) => event.type === 'recovery:opened').map((each) => each.partition))
  expect(providerView(chain.state, provider)!.collateral.debt).toBe('0')
}

function compare(model: LifeModel, { chain, client, owner, provider, life }: Ranch): void {
  const deals = model.deals.map((deal) => {
    const { id, locked, paid, burnt, refunded } = deal
    const isPlaced = deal.sector !== undefined && deal.sector.activatedAt > 0
    const { proven, faulted } = isPlaced ? life.due({ ...deal, settledThrough: 0 }) : { proven: 0, faulted: 0 }
    const epochs = { provenEpochs: proven, faultedEpochs: faulted }
    return { id, state: stateOfDeal(model, deal), ...moneys({ locked, paid, burnt, refunded }), ...epochs }
  })
  const views = model.deals.map(({ id }) => {
    const { state, locked, paid, burnt, refunded, provenEpochs, faultedEpochs } = dealView(chain.state, id)!
    return { id, state, locked, paid, burnt, refunded, provenEpochs, faultedEpochs }
  })
  expect(views).toEqual(deals)
  const sectors = model.sectors.map(({ number, state, partition }) => ({
    number,
    state: state === 'failed' ? 'terminated' : state,
    partition: partition?.number,
  }))
  const sectorViews = model.sectors.map(({ number }) => {
    const { state, partition } = sectorView(chain.state, provider, number)!
    return { number, state, partition }
  })
  expect(sectorViews).toEqual(sectors)
  const { free, locked } = providerView(chain.state, provider)!.collateral
  const money = [BigInt(free), BigInt(locked), chain.balance(client.address), chain.balance(owner.address)]
  expect(money).toEqual([model.free, model.locked, model.client, model.owner])
}

function moneys<K extends string>(amounts: Record<K, bigint>): Record<K, string> {
  return Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, String(amount)])) as Record<
    K,
    string
  >
}

/** @param messages what it sends; undefined: there is nothing to do it to */
function command(name: string, messages: (model: LifeModel, real: Ranch) => readonly Sent[] | undefined): Command {
  return {
    check: () => true,
    run: (model, real) => {
      const sent = messages(model, real)
      if (sent !== undefined) block(model, real, sent)
    },
    toString: () => name,
  }
}

const pick = <T>(items: readonly T[], index: number): T | undefined => items[index % Math.max(1, items.length)]

function publish(duration: number, activateWithin: number): Command {
  return command(`publish(${duration}, ${activateWithin})`, (model, { chain, client, owner, provider, life }) => {
    const id = model.deals.length + 1
    const locked = PRICE * BigInt(duration)
    const collateral = locked / 2n
    const extendableUntil = chain.height + 150
    const given = { duration, activateWithin, nonce: BigInt(id), providerCollateral: collateral, extendableUntil }
    const terms = termsFor(chain, client.address, provider, { ...claimedPiece(id), pricePerEpoch: PRICE, ...given })
    const body = { deals: [{ terms, providerSignature: signTerms(chain, owner, terms) }] }
    const lapsesAt = chain.height + 1 + activateWithin
    const effect = (): void =>
      life.publish({ id, price: PRICE, extendableUntil, lapsesAt, duration, locked, collateral })
    return [{ signer: 'client', kind: 'PublishDeal', body, code: 'OK', effect }]
  })
}

function preCommit(count: number, room: number): Command {
  return command(`preCommit(${count}, ${room})`, (model, { chain, provider, life }) => {
    const height = chain.height + 1
    const free = model.deals.filter((deal) => stateOfDeal({ ...model, height }, deal) === 'published')
    const deals = free.slice(0, count)
    const number = model.sectors.length
    const longest = Math.max(5, ...deals.map(({ duration }) => duration))
    const expiry = height + params.commitExpiry + longest + room
    const pieceCids = deals.map(({ id }) => claimedPiece(id).pieceCid)
    const sector = claimedSector(chain, { number, deals: deals.map(({ id }) => id), expiry, pieceCids })
    const effect = (): void => life.preCommit(number, expiry, deals)
    return [{ signer: 'owner', kind: 'PreCommitSectors', body: { provider, sectors: [sector] }, code: 'OK', effect }]
  })
}

function prove(index: number): Command {
  return command(`prove(${index})`, (model, { chain, provider, life }) => {
    const waiting = model.sectors.filter(({ state }) => state === 'precommitted')
    const sector = pick(waiting, index)
    if (sector === undefined) return undefined
    const code = chain.height + 1 > sector.seedAt ? 'OK' : 'SEED_NOT_READY'
    const body = { provider, number: sector.number, bundle: claimedPoRep() }
    return [{ signer: 'owner', kind: 'ProveCommitSector', body, code, effect: () => life.prove(sector) }]
  })
}

function endOrder(index: number): Command {
  return command(`endOrder(${index})`, (model) => {
    const deal = pick(model.deals, index)
    if (deal === undefined) return undefined
    const code = deal.orderedUntil === 0 ? 'DEAL_NOT_ORDERED' : 'OK'
    const effect = (): void => {
      deal.orderedUntil = 0
    }
    return [{ signer: 'client', kind: 'CancelDeal', body: { deal: deal.id, atEnd: true }, code, effect }]
  })
}

function cancel(index: number): Command {
  return command(`cancel(${index})`, (model, { life }) => {
    const deal = pick(model.deals, index)
    if (deal === undefined) return undefined
    const now = { ...model, height: model.height + 1 }
    const state = stateOfDeal(now, deal)
    const isOpen = state === 'published' || state === 'active'
    const isAsked = deal.sector?.state === 'faulty' && deal.sector.partition?.recovery !== undefined
    const free = isAsked ? 'DEAL_IN_RECOVERY' : 'OK'
    const code = state === 'committed' ? 'DEAL_NOT_FREE' : isOpen && !deal.cancelled ? free : 'DEAL_OVER'
    return [{ signer: 'client', kind: 'CancelDeal', body: { deal: deal.id }, code, effect: () => life.cancel(deal) }]
  })
}

/** What a top-up and a renewal refuse alike. */
function whyNotExtendable(model: LifeModel, deal: ModelDeal): string | undefined {
  const now = { ...model, height: model.height + 1 }
  if (stateOfDeal(now, deal) !== 'active' || deal.cancelled) return 'DEAL_OVER'
  const { state, provenThrough } = deal.sector!
  const isProven = state === 'active' && provenThrough + 2 * params.provingPeriod >= now.height
  return isProven ? undefined : 'SECTOR_NOT_SOUND'
}

/** By the standing order the provider sends it, and the client pays all the same. */
function topUp(index: number, epochs: number, byOrder: boolean): Command {
  return command(`topUp(${index}, ${epochs}, ${byOrder})`, (model, { life }) => {
    const deal = pick(model.deals, index)
    if (deal === undefined) return undefined
    const agreed = byOrder ? Math.min(deal.orderedUntil, model.height + 1 + deal.firstDuration) : deal.extendableUntil
    const isTooLong = (): boolean => dealEnd(deal) + epochs > agreed
    const code = whyNotExtendable(model, deal) ?? (isTooLong() ? 'DEAL_NOT_EXTENDABLE' : 'OK')
    const body = { deal: deal.id, epochs }
    const [signer, kind] = byOrder ? (['owner', 'TopUpByOrder'] as const) : (['client', 'TopUpDeal'] as const)
    return [{ signer, kind, body, code, effect: () => life.extend(deal, epochs, 0n) }]
  })
}

function renew(index: number, epochs: number): Command {
  return command(`renew(${index}, ${epochs})`, (model, { chain, owner, life }) => {
    const deal = pick(model.deals, index)
    if (deal === undefined) return undefined
    const { agreementId, endsAt: end = 0 } = dealView(chain.state, deal.id)!
    const endsAt = end + epochs
    const code = whyNotExtendable(model, deal) ?? 'OK'
    const collateral = PRICE * BigInt(epochs)
    const validUntil = chain.height + 5
    const renewal = {
      deal: deal.id,
      agreementId: agreementId as Hash,
      startsAt: end,
      endsAt,
      providerCollateral: collateral,
      validUntil,
    }
    const providerSignature = owner.sign(typedDealRenewal(chain.genesisHash, renewal)) as Uint8Array
    const effect = (): void => life.extend(deal, epochs, collateral)
    return [{ signer: 'client', kind: 'RenewDeal', body: { renewal, providerSignature }, code, effect }]
  })
}

function settle(index: number): Command {
  return command(`settle(${index})`, (model, { life }) => {
    const deal = pick(model.deals, index)
    if (deal === undefined) return undefined
    const body = { deals: [deal.id] }
    return [{ signer: 'client', kind: 'SettleDeals', body, code: 'OK', effect: () => life.settle(deal) }]
  })
}

function terminate(index: number): Command {
  return command(`terminate(${index})`, (model, { provider, life }) => {
    const sector = pick(model.sectors, index)
    if (sector === undefined) return undefined
    const isProven = sector.state === 'active' || sector.state === 'faulty'
    const body = { provider, sectors: [sector.number] }
    const code = isProven ? 'OK' : 'SECTOR_STATE_WRONG'
    return [{ signer: 'owner', kind: 'TerminateSectors', body, code, effect: () => life.terminate(sector) }]
  })
}

function declare(index: number): Command {
  return command(`declare(${index})`, (model, { provider, life }) => {
    const proven = model.sectors.filter(({ partition }) => partition !== undefined && !partition.retired)
    const sector = pick(proven, index)
    if (sector === undefined) return undefined
    const body = { provider, partition: sector.partition!.number, sectors: [sector.number] }
    const code = sector.state === 'active' ? 'OK' : 'NOT_ADMITTED'
    return [{ signer: 'owner', kind: 'DeclareFaults', body, code, effect: () => life.declare([sector]) }]
  })
}

function recover(index: number): Command {
  return command(`recover(${index})`, (model, { provider }) => {
    const partition = pick(model.partitions, index)
    if (partition === undefined) return undefined
    const height = model.height + 1
    const isFaulty = ({ state, expiry }: ModelSector): boolean => state === 'faulty' && expiry > height
    const sectors = partition.members.filter(isFaulty)
    const isFree = partition.request === undefined && partition.recovery === undefined
    const code = isFree && height >= partition.barredUntil && sectors.length > 0 ? 'OK' : 'NOT_ADMITTED'
    const body = { provider, partition: partition.number, sectors: [] }
    const effect = (): void => {
      partition.request = { at: model.height, sectors }
    }
    return [{ signer: 'owner', kind: 'RequestRecovery', body, code, effect }]
  })
}

function answers(model: LifeModel, { chain, provider, life }: Ranch): Sent[] {
  return model.partitions.flatMap((partition): Sent[] => {
    const body = claimedAnswer(chain, provider, partition.number)
    if (body === undefined) return []
    return [{ signer: 'owner', kind: 'SubmitPost', body, code: 'OK', effect: () => life.answer(partition) }]
  })
}

/** The answer of a partition without one of its sectors, whether it may be left out or not; waits for a challenge. */
function skip(index: number): Command {
  const open = ({ partitions }: LifeModel): ModelPartition[] =>
    partitions.filter((each) => each.challenge !== undefined)
  const answer = command('', (model, { chain, provider, life }) => {
    const partition = pick(open(model), index)
    if (partition?.challenge === undefined) return undefined
    const { list } = partition.challenge
    const position = index % list.length
    const body = claimedAnswer(chain, provider, partition.number, true, [position])!
    const code = isSampled(chain, provider, partition.number, position) && list.length > 1 ? 'OK' : 'NOT_ADMITTED'
    const effect = (): void => life.answer(partition, [list[position]!])
    return [{ signer: 'owner', kind: 'SubmitPost', body, code, effect }]
  })
  return {
    check: () => true,
    run: (model, real) => {
      for (let left = params.provingPeriod; left > 0 && open(model).length === 0; left--) block(model, real)
      void answer.run(model, real)
    },
    toString: () => `skip(${index})`,
  }
}

function isSampled(chain: TestChain, provider: number, partition: number, position: number): boolean {
  const view = wholePartitions(chain.state, provider, undefined, 100).find(({ number }) => number === partition)
  const { randomness, count, sectors } = view!.challenge!
  const challenge = { profile: PROFILE, provider, partition, randomness: fromHex(randomness), count }
  const sampled = drawSamples(challenge, sectors.length).map((sample) => sample.position)
  return sampled.includes(position) && sampled.length > 1
}

function blocks(count: number, isProving: boolean): Command {
  return {
    check: () => true,
    run: (model, real) => {
      for (let index = 0; index < count; index++) block(model, real, isProving ? answers(model, real) : [])
    },
    toString: () => `${isProving ? 'prove' : 'wait'}For(${count})`,
  }
}

/** From the agreement to the proof, without a mishap. */
function store(duration: number, room: number): Command {
  const steps = [publish(duration, 8), preCommit(1, room), blocks(2, true), prove(0), blocks(3, true)]
  return {
    check: () => true,
    run: (model, real) => {
      for (const step of steps) void step.run(model, real)
    },
    toString: () => `store(${duration}, ${room})`,
  }
}

const index = fc.nat(20)
const duration = fc.integer({ min: 5, max: 60 })
const room = fc.nat(10)

export const lifeCommands: fc.Arbitrary<Command>[] = [
  fc.tuple(duration, fc.integer({ min: 3, max: 12 })).map((given) => publish(...given)),
  fc.tuple(duration, room).map((given) => store(...given)),
  fc.tuple(fc.nat(2), room).map((given) => preCommit(...given)),
  index.map(prove),
  index.map(cancel),
  index.map(endOrder),
  fc.tuple(index, fc.integer({ min: 1, max: 12 }), fc.boolean()).map((given) => topUp(...given)),
  fc.tuple(index, fc.integer({ min: 1, max: 12 })).map((given) => renew(...given)),
  index.map(settle),
  index.map(terminate),
  index.map(declare),
  index.map(recover),
  index.map(skip),
  fc.integer({ min: 1, max: 8 }).map((count) => blocks(count, false)),
  fc.integer({ min: 1, max: 20 }).map((count) => blocks(count, true)),
]
