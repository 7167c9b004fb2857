/** One provider as its strategy has it: sells its disk, seals, proves, meets faults, settles, and what else it is up to. */

import { challengeView, dealView, partitionViews, providerView, sectorView } from '@granary/chain/state'
import type { ChainEvent } from '@granary/protocol/events'
import { type DealTerms, type Signer, typedDealTerms } from '@granary/protocol/messages'
import { createDisk } from './disk.ts'
import { createFirstChallenges } from './first-challenges.ts'
import { isWorthLapsing, isWorthLeaving } from './leaving.ts'
import { type Participant, sum, vestingOf } from './money.ts'
import { createProver, PARTITIONS_MAX } from './proving.ts'
import { createPurse } from './purse.ts'
import { createRandom } from './random.ts'
import { createRepairs } from './repairs.ts'
import { createSealing, type SoldDeal, soldDeal } from './sealing.ts'
import { PROFILE } from './simulated-proofs.ts'
import type { Strategy } from './strategies.ts'
import { DEALS_PER_SECTOR, epochsIn, PIECE_BYTES, TIB, type World } from './world.ts'

/** A participant with what it is to the simulation. */
export interface Seat {
  readonly provider: SimProvider
  readonly participant: Participant
}

export interface SimProvider {
  readonly strategy: Strategy
  /** Among those of its strategy. */
  readonly rank: number
  readonly owner: Signer
  /** Pays its own deals; undefined when it has those of others. */
  readonly client: Signer | undefined
  readonly id: () => number
  register(): void
  /** Whatever its id stands in. */
  happened(event: ChainEvent): void
  /** Once a period. */
  period(): void
  /** Pays out what is proven. */
  settle(): void
  /** At the end: terminates what it does not hold any more, so that all that costs is paid. */
  close(): void
  /** Deals that it has room for. */
  wanted(): number
  /** For deals that will be published soon. */
  reserve(collateral: bigint): void
  sign(terms: DealTerms): Uint8Array
  /** What its deals and the chain will pay for spans that no challenge has closed yet, if the next one is answered. */
  openSpans(): bigint
  /** See first-challenges.ts. */
  waitedFor(): bigint
  realCosts(): RealCosts
  /** Sectors that it left because others pay more; undefined: it never leaves. */
  leftSectors(): number | undefined
}

/** attoGRN that went to the world outside of the chain. */
export interface RealCosts {
  readonly disk: bigint
  /** Of sectors that live, the part of their time that is over. */
  readonly sealing: bigint
  readonly recovery: bigint
  readonly proofs: bigint
}

export interface ProviderParts {
  readonly world: World
  readonly strategy: Strategy
  /** Among those of its strategy: equals in rank meet the same faults and ask the same price. */
  readonly rank: number
  readonly owner: Signer
  readonly client: Signer | undefined
}

const MONTH_MS = 30 * 24 * 3_600_000
/** How far an ask lies from the market's price, at most: in parts of 1,000. */
const ASK_SPREAD = 10
/** Epochs in which a list that was frozen before may still be challenged. */
const LEAVING_EPOCHS = 5
const SETTLE_MAX = 256

export function createProvider({ world, strategy, rank, owner, client }: ProviderParts): SimProvider {
  const { chain, params, costs, diskSectors } = world
  const askSpread = createRandom(world.seed, `ask of ${rank}`).between(-ASK_SPREAD, ASK_SPREAD)
  const disk = createDisk(PROFILE)
  const left = new Set<number>()
  const unsettled = new Set<number>()
  let waiting: SoldDeal[] = []
  /** Deals that it may let lapse. */
  let considered = 0
  let providerId: number | undefined
  let periods = 0
  let isStopped = false
  let wasCaught = false

  const id = (): number => {
    if (providerId === undefined) throw new Error(`${strategy.name} ${rank} is not registered yet`)
    return providerId
  }
  const isLeft = (sector: number): boolean => left.has(sector)
  const purse = createPurse(world, owner, id)
  const prover = createProver({ world, owner, provider: id, disk, answersEvery: strategy.answersEvery, isLeft })
  const name = `${strategy.name} ${rank}`
  const sealing = createSealing({ world, owner, provider: id, purse, disk, store, name })
  const repairs = createRepairs({ world, rank, repaired })
  const firstChallenges = createFirstChallenges(world)
  const { sectors } = sealing

  /** With a disk that is full, over the oldest replica. */
  function store(sector: number): void {
    const held = disk.numbers()
    if (held.length >= diskSectors && !held.includes(sector)) disk.keep(held[0]!, 0, chain.height)
    disk.store(sector, chain.height)
  }

  function repaired(number: number): void {
    if (isStopped || isLeft(number) || !sectors.has(number)) return
    store(number)
    prover.tend()
  }

  function loseReplica(number: number): void {
    const sector = sectors.get(number)
    if (sector?.state !== 'active' || isLeft(number) || isStopped || !disk.holds(number, 0)) return
    disk.keep(number, 0, chain.height)
    repairs.repair(number, 'fetching')
    if (strategy.declaresFaults) declare(number)
  }

  function declare(number: number): void {
    const view = sectorView(chain.state, id(), number)
    if (view?.state !== 'active' || view.partition === undefined) return
    chain.submit(owner, 'DeclareFaults', { provider: id(), partition: view.partition, sectors: [number] })
  }

  function leaveWhatIsWorthLeaving(): void {
    if (strategy.leavesBy === 'nothing') return
    const leavable = [...sectors.values()].filter(({ number, state }) => state === 'active' && !isLeft(number))
    if (leavable.length === 0) return
    // They are about equal, so that it leaves all or none, and what vests is forfeited once.
    const vesting = vestingOf(providerView(chain.state, id())!) / BigInt(leavable.length)
    for (const { number, deals } of leavable) {
      if (!isWorthLeaving(world, strategy.leavesBy, deals, vesting)) continue
      left.add(number)
      if (strategy.leavesBy === 'declaring') declare(number)
      else chain.submit(owner, 'TerminateSectors', { provider: id(), sectors: [number] })
      chain.at(chain.height + LEAVING_EPOCHS, () => deleteUnchallenged(number))
    }
  }

  /** A challenge that is open still asks for what left the list meanwhile. */
  function deleteUnchallenged(number: number): void {
    const partition = sectorView(chain.state, id(), number)?.partition
    if (partition === undefined) return
    const challenge = challengeView(chain.state, { provider: id(), partition }, 'post')
    if (challenge?.sectors.some((sector) => sector.number === number)) {
      chain.at(challenge.deadline + 1, () => deleteUnchallenged(number))
    } else {
      disk.keep(number, 0, chain.height)
    }
  }

  function stop(): void {
    isStopped = true
    for (const number of disk.numbers()) disk.keep(number, 0, chain.height)
  }

  function settle(): void {
    const deals = [...unsettled]
    for (let from = 0; from < deals.length; from += SETTLE_MAX) {
      chain.submit(owner, 'SettleDeals', { deals: deals.slice(from, from + SETTLE_MAX) })
    }
  }

  function openSpanOf(dealId: number): bigint {
    const { sector, endsAt = 0, activatedAt = 0, settledThrough, terms } = dealView(chain.state, dealId)!
    if (sector === undefined || sectorView(chain.state, id(), sector.number)?.state !== 'active') return 0n
    const epochs = Math.max(0, Math.min(chain.height, endsAt) - Math.max(activatedAt, settledThrough))
    return (BigInt(terms.pricePerEpoch) * BigInt(epochs) * BigInt(10_000 - params.networkFeeBps)) / 10_000n
  }

  function ask(): void {
    chain.submit(owner, 'SetAsk', {
      provider: id(),
      pricePerGiBEpoch: (world.price() * BigInt(1_000 + askSpread)) / 1_000n,
      pieceSizeMin: 128,
      pieceSizeMax: PIECE_BYTES,
      collateralShareMaxBps: 10_000,
      durationMin: params.dealDurationMin,
      durationMax: params.dealDurationMax,
      profiles: [PROFILE.name],
      validUntil: chain.height + 2 * params.provingPeriod,
    })
  }

  function sold(dealId: number): void {
    const deal = soldDeal(world, dealId)
    purse.release(deal.collateral)
    unsettled.add(dealId)
    waiting.push(deal)
    if (waiting.length < DEALS_PER_SECTOR) return
    const deals = waiting
    waiting = []
    if (!strategy.lapses) {
      sealing.seal(deals)
      return
    }
    considered += deals.length
    chain.at(chain.height + params.provingPeriod, () => {
      considered -= deals.length
      if (!isWorthLapsing(world, deals)) sealing.seal(deals)
    })
  }

  return {
    strategy,
    rank,
    owner,
    client,
    id,
    settle,
    register: () => {
      const profile = { payout: owner.address, sessionKey: new Uint8Array(0), endpoints: [], peerId: '', region: '' }
      chain.submit(owner, 'RegisterProvider', { ...profile, name }, (result) => {
        providerId = result?.events.find((event) => event.type === 'provider:registered')?.provider
        purse.reserve(0n)
      })
    },
    happened: (event) => {
      firstChallenges.happened(event)
      switch (event.type) {
        case 'deal:published':
          sold(event.deal)
          break
        case 'deal:active':
          for (const deal of sectors.get(event.sector)?.deals ?? []) {
            if (deal.id === event.deal) deal.endsAt = event.endsAt
          }
          break
        case 'deal:expired':
        case 'deal:terminated':
        case 'deal:lapsed':
          unsettled.delete(event.deal)
          break
        case 'sector:precommitted':
          sealing.committed(event.sector, event.epoch)
          break
        case 'sector:proven':
          sealing.proven(event.sector)
          if (strategy.dropShare > 0 && !wasCaught) disk.keep(event.sector, 1 - strategy.dropShare, chain.height)
          break
        case 'sector:terminated':
        case 'sector:expired':
          sealing.forget(event.sector)
          // What it left itself may still be asked for.
          if (!isLeft(event.sector)) disk.keep(event.sector, 0, chain.height)
          break
        case 'post:missed':
          if (strategy.dropShare > 0) {
            wasCaught = true
            for (const held of disk.numbers()) if (!disk.isWhole(held)) repairs.repair(held, 'sealing')
          }
          chain.at(chain.height + 1, prover.tend)
          break
        case 'challenge:opened':
        case 'recovery:opened':
        case 'recovery:accepted':
        case 'fault:declared':
          chain.at(chain.height + 1, prover.tend)
          break
      }
    },
    period: () => {
      periods += 1
      if (periods > strategy.stopsAfterPeriods) stop()
      repairs.meetFaults((place) => {
        const number = [...disk.numbers()].sort((a, b) => a - b)[place]
        if (number !== undefined) loseReplica(number)
      })
      settle()
      leaveWhatIsWorthLeaving()
      if (strategy.deals === 'none') for (let free = diskSectors - sectors.size; free > 0; free -= 1) sealing.seal([])
      prover.tend()
      if (strategy.withdraws) purse.withdraw()
      ask()
    },
    close: () => {
      const lost = [...sectors.values()]
        .filter(({ number, state }) => state === 'active' && !disk.holds(number, 0) && !repairs.isRepairing(number))
        .map(({ number }) => number)
      if (lost.length > 0) chain.submit(owner, 'TerminateSectors', { provider: id(), sectors: lost })
    },
    wanted: () => {
      if (isStopped || strategy.deals === 'none') return 0
      const live = [...sectors.keys()].filter((number) => !isLeft(number)).length
      const isFull = [...sectors.values()].filter(({ state }) => state === 'active').length >= diskSectors
      const sectorsMax = isFull ? Math.floor(diskSectors * strategy.overcommit) : diskSectors
      return Math.max(0, (sectorsMax - live) * DEALS_PER_SECTOR - waiting.length - considered)
    },
    reserve: (collateral) => purse.reserve(collateral),
    sign: (terms) => {
      const signature = owner.sign(typedDealTerms(chain.genesisHash, terms))
      if (signature instanceof Promise) throw new TypeError('the signers of a simulation are synchronous')
      return signature
    },
    openSpans: () => {
      const pending = partitionViews(chain.state, id(), undefined, PARTITIONS_MAX).map((view) => BigInt(view.pending))
      return sum([...[...unsettled].map(openSpanOf), ...pending])
    },
    waitedFor: firstChallenges.waitedFor,
    leftSectors: () => (strategy.leavesBy === 'nothing' ? undefined : left.size),
    realCosts: () => ({
      disk: (disk.usage(chain.height) * costs.diskTiBMonth) / (BigInt(TIB) * BigInt(epochsIn(params, MONTH_MS))),
      sealing: sealing.cost((sector) => !isStopped && !isLeft(sector)),
      recovery: repairs.cost(),
      proofs: BigInt(prover.proofs()) * costs.proof,
    }),
  }
}
