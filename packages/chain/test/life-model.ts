/**
 * What docs/spec/chain.md and docs/economics.md say of the lives of deals and sectors of one provider, written a second
 * time in the plainest way: each epoch of a sector is marked proven or faulted by itself, lists are arrays. Which slots
 * an epoch draws is chance, and is told to it.
 */
import type { DealState, SectorState } from '@granary/protocol/client'
import type { ChainParams } from '@granary/protocol/records'
import { greater } from '../src/state/money/greater.ts'
import { lesser } from '../src/state/money/lesser.ts'

export interface ModelDeal {
  readonly id: number
  readonly price: bigint
  readonly extendableUntil: number
  readonly lapsesAt: number
  /** Epochs of its terms. */
  readonly firstDuration: number
  orderedUntil: number
  /** Epochs that are paid. */
  duration: number
  sector: ModelSector | undefined
  cancelled: boolean
  /** Of a client that left while the data was faulty. */
  claim: { readonly amount: bigint; readonly faultySince: number } | undefined
  closed: DealState | undefined
  locked: bigint
  collateral: bigint
  paid: bigint
  burnt: bigint
  refunded: bigint
  settledThrough: number
}

export interface ModelSector {
  readonly number: number
  readonly deals: readonly ModelDeal[]
  readonly seedAt: number
  readonly commitBy: number
  expiry: number
  state: SectorState | 'failed'
  /** Of its deals, less those that were closed while it was in its list. */
  pay: bigint
  /** Where it has its place from its pre-commit on. */
  place: ModelPartition
  /** The same, once it is proven. */
  partition: ModelPartition | undefined
  activatedAt: number
  /** What is known of each epoch after the activation. */
  readonly marks: Map<number, 'proven' | 'faulted'>
  provenThrough: number
  joinedAt: number
  /** The block that took it out of the list; 0: a missed challenge did, and no list of any epoch holds it. */
  leftAt: number
  faultySince: number
  endedAt: number
  /** Draws of its recoveries. */
  readonly recoveries: number[]
}

export interface ModelPartition {
  readonly number: number
  members: ModelSector[]
  reserved: number
  retired: boolean
  challenge: { epoch: number; deadline: number; list: ModelSector[] } | undefined
  request: { at: number; sectors: ModelSector[] } | undefined
  recovery: { epoch: number; deadline: number; list: ModelSector[] } | undefined
  barredUntil: number
  departures: { due: number; sector: ModelSector }[]
  sweeps: number[]
}

export interface LifeModel {
  height: number
  /** Epoch through which challenges have been drawn. */
  drawnThrough: number
  readonly deals: ModelDeal[]
  readonly sectors: ModelSector[]
  readonly partitions: ModelPartition[]
  /** Of the client and of the provider's owner, whose fees the caller takes. */
  client: bigint
  owner: bigint
  free: bigint
  locked: bigint
}

export type LifeParams = Pick<
  ChainParams,
  | 'cutoff'
  | 'commitExpiry'
  | 'seedDelay'
  | 'provingPeriod'
  | 'partitionSectorsMax'
  | 'partitionDeposit'
  | 'faultGrace'
  | 'faultMaxAge'
  | 'declaredFaultFee'
  | 'missedProofFee'
  | 'terminationFee'
  | 'skipFactor'
  | 'skipFloorPeriods'
  | 'postSamples'
> & { readonly window: number; readonly pledge: bigint }

const BPS = 10_000n

export const dealEnd = (deal: ModelDeal): number => deal.sector!.activatedAt + deal.duration

export function stateOfDeal({ height }: LifeModel, deal: ModelDeal): DealState {
  if (deal.closed !== undefined) return deal.closed
  if (deal.claim !== undefined) return 'cancelled'
  const { sector } = deal
  if (sector === undefined || sector.state === 'failed') return height > deal.lapsesAt ? 'lapsed' : 'published'
  if (sector.state === 'precommitted') return 'committed'
  if (sector.state === 'terminated' && sector.endedAt < dealEnd(deal)) return 'terminated'
  if (height < dealEnd(deal)) return 'active'
  return deal.cancelled ? 'cancelled' : 'expired'
}

/** What a fresh deal is given with. */
export type PublishedDeal = Pick<
  ModelDeal,
  'id' | 'price' | 'extendableUntil' | 'lapsesAt' | 'duration' | 'locked' | 'collateral'
>

export interface Life {
  due(deal: ModelDeal): { through: number; proven: number; faulted: number }
  publish(deal: PublishedDeal): void
  preCommit(number: number, expiry: number, deals: readonly ModelDeal[]): void
  prove(sector: ModelSector): void
  settle(deal: ModelDeal): void
  cancel(deal: ModelDeal): void
  extend(deal: ModelDeal, epochs: number, collateral: bigint): void
  terminate(sector: ModelSector): void
  declare(sectors: readonly ModelSector[]): void
  /** @param skipped: of its challenge's list */
  answer(partition: ModelPartition, skipped?: readonly ModelSector[]): void
  /** Of skipping so many of them. */
  skipFee(list: readonly ModelSector[], skipped: readonly ModelSector[]): bigint
  /** What ends with the block, once its messages are done. @param drawn: the partitions that chance has challenged */
  endBlock(drawn: readonly number[]): void
}

/** @param model changed by all that happens; `model.height` is that of the block which it happens in */
export function createLife(model: LifeModel, params: LifeParams): Life {
  const lists = (partition: ModelPartition, epoch: number): ModelSector[] =>
    partition.members.filter(({ joinedAt, leftAt }) => joinedAt <= epoch && leftAt > epoch)
  const ceil = (dividend: bigint, divisor: bigint): bigint => (dividend + divisor - 1n) / divisor
  const floor = ceil(params.pledge, BigInt(params.skipFloorPeriods * params.provingPeriod))

  /** What a list counts for an epoch. */
  function floored(list: readonly ModelSector[]): bigint {
    const pay = list.reduce((sum, each) => sum + each.pay, 0n)
    return greater(pay, floor * BigInt(list.length))
  }

  const missFee = (list: readonly ModelSector[]): bigint => floored(list) * BigInt(params.missedProofFee)

  function skipFee(list: readonly ModelSector[], skipped: readonly ModelSector[]): bigint {
    const { skipFactor, provingPeriod, postSamples } = params
    const times = BigInt(skipFactor * provingPeriod * (list.length + postSamples))
    const mean = ceil(times * floored(list), BigInt(2 * postSamples * list.length))
    const fees = skipped.map(({ pay }) => pay * BigInt(params.missedProofFee))
    return lesser(
      fees.reduce((sum, own) => sum + greater(own, mean), 0n),
      missFee(list),
    )
  }

  function lock(amount: bigint): void {
    model.free -= amount
    model.locked += amount
  }

  function unlock(amount: bigint): void {
    lock(-amount)
  }

  function mark(sector: ModelSector, through: number, as: 'proven' | 'faulted'): void {
    for (let epoch = sector.activatedAt + 1; epoch <= through; epoch++) {
      if (!sector.marks.has(epoch)) sector.marks.set(epoch, as)
    }
  }

  /** The last epoch up to which each is marked. A fault goes on, and until an epoch's draw is known a recovery may undo it. */
  function decided(sector: ModelSector): number {
    if (sector.state === 'faulty') {
      const drawnAt = sector.partition!.recovery?.epoch ?? model.drawnThrough
      mark(sector, Math.min(drawnAt, sector.expiry), 'faulted')
    }
    let epoch = sector.activatedAt
    while (sector.marks.has(epoch + 1)) epoch += 1
    return epoch
  }

  function due(deal: ModelDeal): { through: number; proven: number; faulted: number } {
    const sector = deal.sector!
    const end = stateOfDeal(model, deal) === 'terminated' ? sector.endedAt : dealEnd(deal)
    const from = Math.max(deal.settledThrough, sector.activatedAt)
    const through = Math.max(from, Math.min(end, decided(sector)))
    let proven = 0
    for (let epoch = from + 1; epoch <= through; epoch++) if (sector.marks.get(epoch) === 'proven') proven += 1
    return { through, proven, faulted: through - from - proven }
  }

  function payProvider(deal: ModelDeal, gross: bigint): void {
    const burnt = (gross * 500n + BPS - 1n) / BPS
    deal.burnt += burnt
    deal.paid += gross - burnt
    model.owner += gross - burnt
  }

  function payClient(deal: ModelDeal, amount: bigint): void {
    deal.refunded += amount
    model.client += amount
  }

  /** Of a deal that was left: free after a quick recovery, the claim's after a late one, burnt with the sector. */
  function decideClaim(deal: ModelDeal, { amount, faultySince }: { amount: bigint; faultySince: number }): void {
    const { recoveries, state } = deal.sector!
    const recoveredAt = recoveries.find((epoch) => epoch >= faultySince)
    if (recoveredAt === undefined && state === 'faulty') return
    const isQuick = recoveredAt !== undefined && recoveredAt - faultySince <= params.faultGrace
    const compensation = isQuick ? 0n : lesser(deal.collateral, amount)
    model.client += compensation
    model.locked -= compensation
    if (recoveredAt === undefined) model.locked -= deal.collateral - compensation
    else unlock(deal.collateral - compensation)
    deal.collateral = 0n
    deal.closed = 'cancelled'
    if (state === 'active' || state === 'faulty') deal.sector!.pay -= deal.price
  }

  function settle(deal: ModelDeal): void {
    if (deal.closed !== undefined) return
    const state = stateOfDeal(model, deal)
    if (state === 'published' || state === 'committed') return
    if (state === 'lapsed') {
      payClient(deal, deal.locked)
      deal.locked = 0n
      model.locked -= deal.collateral
      deal.collateral = 0n
      deal.closed = 'lapsed'
      return
    }
    const { through, proven, faulted } = due(deal)
    payProvider(deal, deal.price * BigInt(proven))
    payClient(deal, deal.price * BigInt(faulted))
    deal.locked -= deal.price * BigInt(proven + faulted)
    deal.settledThrough = through
    if (deal.claim !== undefined) {
      if (through === dealEnd(deal)) decideClaim(deal, deal.claim)
      return
    }
    if (state === 'terminated' && through === deal.sector!.endedAt) {
      const compensation = lesser(deal.locked, deal.collateral)
      payClient(deal, deal.locked)
      model.client += compensation
      model.locked -= deal.collateral
      deal.locked = 0n
      deal.collateral = 0n
      deal.closed = 'terminated'
    } else if (state !== 'terminated' && through === dealEnd(deal)) {
      // A fault that lasts to the end is paid for as a termination would be.
      let last = through
      while (deal.sector!.marks.get(last) === 'faulted') last -= 1
      const compensation = lesser(deal.collateral, deal.price * BigInt(through - last))
      model.client += compensation
      model.locked -= compensation
      unlock(deal.collateral - compensation)
      deal.collateral = 0n
      deal.closed = deal.cancelled ? 'cancelled' : 'expired'
      const { sector } = deal
      const isListed = sector?.state === 'active' || sector?.state === 'faulty'
      if (isListed && last === through) sector.pay -= deal.price
    }
  }

  function leave(partition: ModelPartition, sector: ModelSector): void {
    partition.members = partition.members.filter((member) => member !== sector)
    retireIfEmpty(partition)
  }

  function retireIfEmpty(partition: ModelPartition): void {
    if (partition.members.length + partition.reserved > 0) return
    partition.retired = true
    unlock(params.partitionDeposit)
  }

  function charge(amount: bigint): void {
    model.free -= amount
  }

  /** At its end or before it; what is not proven by then never will be. */
  function end(sector: ModelSector): void {
    const isOver = sector.expiry <= model.height
    mark(sector, isOver ? sector.expiry : model.height, 'faulted')
    sector.state = isOver ? 'expired' : 'terminated'
    sector.endedAt = model.height
    sector.leftAt = Math.min(sector.leftAt, model.height)
    unlock(params.pledge)
  }

  function terminate(sector: ModelSector): void {
    const partition = sector.partition!
    const since = sector.state === 'faulty' ? sector.faultySince : model.height
    end(sector)
    charge(sector.pay * BigInt(Math.min(params.terminationFee, Math.max(0, sector.expiry - since))))
    partition.departures.push({ due: model.height + params.cutoff + 1, sector })
  }

  function beFaulty(sector: ModelSector): void {
    sector.state = 'faulty'
    sector.faultySince = model.height
    sector.partition!.sweeps.push(model.height + params.faultMaxAge)
  }

  function closeChallenge(partition: ModelPartition, isAnswered: boolean): void {
    const { epoch, list } = partition.challenge!
    const fee = missFee(list)
    partition.challenge = undefined
    // What was declared faulty since the draw is not proven by it.
    const sound = list.filter((each) => each.state === 'active')
    if (isAnswered) {
      for (const sector of sound) {
        mark(sector, epoch, 'proven')
        sector.provenThrough = epoch
      }
    }
    for (const sector of sound.filter((each) => each.expiry <= model.height)) {
      if (isAnswered) mark(sector, sector.expiry, 'proven')
      end(sector)
      leave(partition, sector)
    }
    if (isAnswered) return
    for (const sector of sound.filter((each) => each.state === 'active')) {
      beFaulty(sector)
      sector.leftAt = 0
    }
    charge(fee)
  }

  /** Of what was declared or lost since, nothing is left to stop. */
  function skip(partition: ModelPartition, skipped: readonly ModelSector[]): void {
    charge(skipFee(partition.challenge!.list, skipped))
    for (const sector of skipped.filter((each) => each.state === 'active')) {
      if (sector.expiry <= model.height) {
        end(sector)
        leave(partition, sector)
      } else {
        beFaulty(sector)
        sector.leftAt = model.height
      }
    }
  }

  return {
    due,
    skipFee,
    settle,
    terminate,

    publish(deal) {
      const fresh = { sector: undefined, cancelled: false, claim: undefined, closed: undefined, settledThrough: 0 }
      const order = { firstDuration: deal.duration, orderedUntil: deal.extendableUntil }
      model.deals.push({ ...deal, ...order, ...fresh, paid: 0n, burnt: 0n, refunded: 0n })
      model.client -= deal.locked
      lock(deal.collateral)
    },

    preCommit(number, expiry, deals) {
      const open = model.partitions.find(
        (each) => !each.retired && each.members.length + each.reserved < params.partitionSectorsMax,
      )
      const place = open ?? {
        number: model.partitions.length,
        members: [],
        reserved: 0,
        retired: false,
        challenge: undefined,
        request: undefined,
        recovery: undefined,
        barredUntil: 0,
        departures: [],
        sweeps: [],
      }
      if (open === undefined) {
        model.partitions.push(place)
        lock(params.partitionDeposit)
      }
      place.reserved += 1
      const sector: ModelSector = {
        number,
        deals,
        expiry,
        seedAt: model.height + params.seedDelay,
        commitBy: model.height + params.commitExpiry,
        state: 'precommitted',
        pay: deals.reduce((sum, { price }) => sum + price, 0n),
        place,
        partition: undefined,
        activatedAt: 0,
        marks: new Map(),
        provenThrough: 0,
        joinedAt: 0,
        leftAt: Number.MAX_SAFE_INTEGER,
        faultySince: 0,
        endedAt: 0,
        recoveries: [],
      }
      for (const deal of deals) deal.sector = sector
      lock(2n * params.pledge)
      model.sectors.push(sector)
    },

    prove(sector) {
      const partition = sector.place
      unlock(params.pledge)
      partition.reserved -= 1
      partition.members.push(sector)
      Object.assign(sector, {
        state: 'active',
        partition,
        activatedAt: model.height,
        provenThrough: model.height,
        joinedAt: model.height,
      })
    },

    cancel(deal) {
      const isActive = stateOfDeal(model, deal) === 'active'
      if (isActive) settle(deal)
      const rest = isActive ? deal.price * BigInt(dealEnd(deal) - model.height) : deal.locked
      if (isActive && deal.sector!.state === 'faulty') {
        payClient(deal, rest)
        deal.locked -= rest
        deal.cancelled = true
        deal.claim = { amount: rest, faultySince: deal.sector!.faultySince }
        deal.duration = model.height - deal.sector!.activatedAt
        return
      }
      const gross = (rest * 1_000n) / BPS
      payProvider(deal, gross)
      payClient(deal, rest - gross)
      deal.locked -= rest
      deal.cancelled = true
      if (isActive) deal.duration = model.height - deal.sector!.activatedAt
      else {
        unlock(deal.collateral)
        deal.collateral = 0n
        deal.closed = 'cancelled'
      }
    },

    extend(deal, epochs, collateral) {
      deal.duration += epochs
      const sector = deal.sector!
      sector.expiry = Math.max(sector.expiry, dealEnd(deal))
      deal.locked += deal.price * BigInt(epochs)
      model.client -= deal.price * BigInt(epochs)
      deal.collateral += collateral
      lock(collateral)
    },

    declare(sectors) {
      for (const sector of sectors) {
        charge(sector.pay * BigInt(params.declaredFaultFee))
        beFaulty(sector)
        sector.leftAt = model.height
      }
    },

    answer(partition, skipped = []) {
      if (partition.challenge !== undefined) {
        skip(partition, skipped)
        closeChallenge(partition, true)
        return
      }
      const { epoch, list } = partition.recovery!
      partition.recovery = undefined
      partition.barredUntil = 0
      for (const sector of list.filter((each) => each.state === 'faulty')) {
        mark(sector, epoch, 'faulted')
        sector.recoveries.push(epoch)
        sector.state = 'active'
        sector.provenThrough = epoch
        sector.joinedAt = model.height
        sector.leftAt = Number.MAX_SAFE_INTEGER
        partition.members = [...partition.members.filter((member) => member !== sector), sector]
      }
    },

    endBlock(drawn) {
      const { height, sectors, partitions } = model
      for (const sector of sectors.filter((each) => each.state === 'precommitted' && each.commitBy === height)) {
        sector.state = 'failed'
        model.locked -= params.pledge
        unlock(params.pledge)
        sector.place.reserved -= 1
        retireIfEmpty(sector.place)
      }
      for (const partition of partitions) if (partition.challenge?.deadline === height) closeChallenge(partition, false)
      for (const partition of partitions) {
        const { recovery } = partition
        if (recovery?.deadline !== height) continue
        charge(missFee(recovery.list))
        partition.recovery = undefined
        partition.barredUntil = height + params.provingPeriod
      }
      for (const partition of partitions) {
        const { recovery } = partition
        const isDue = partition.sweeps.some((at) => at <= height)
        partition.sweeps = partition.sweeps.filter((at) => at > height)
        if (isDue && recovery !== undefined) partition.sweeps.push(recovery.deadline + 1)
        if (!isDue || recovery !== undefined) continue
        const old = partition.members.filter(
          (each) => each.state === 'faulty' && each.faultySince + params.faultMaxAge <= height,
        )
        for (const sector of old) terminate(sector)
      }
      for (const partition of partitions) {
        const gone = partition.departures.filter((each) => each.due <= height)
        const open = [partition.challenge, partition.recovery].flatMap((each) => (each === undefined ? [] : [each]))
        const later = Math.max(0, ...open.map((each) => each.deadline + params.cutoff + 1))
        partition.departures = partition.departures.filter((each) => each.due > height)
        for (const { sector } of gone) {
          if (open.length === 0) leave(partition, sector)
          else partition.departures.push({ due: later, sector })
        }
      }
      model.drawnThrough = height
      for (const number of drawn) {
        const partition = partitions[number]!
        const list = lists(partition, height - params.cutoff)
        partition.challenge = { epoch: height, deadline: height + params.window, list }
      }
      for (const partition of partitions) {
        const { request } = partition
        if (request === undefined || request.at + params.cutoff > height || partition.challenge !== undefined) continue
        const list = request.sectors.filter((each) => each.state === 'faulty' && each.expiry > height)
        partition.request = undefined
        if (list.length > 0) partition.recovery = { epoch: height, deadline: height + params.window, list }
      }
    },
  }
}
