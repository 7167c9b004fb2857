/** One provider as its strategy has it: sells its disk, seals, proves, meets faults, settles, and what else it is up to. */
import { type DealTerms, dealTermsDigest, type Signer } from '@granary/chain/messages'
import { type ChainEvent, dealView, partitionViews, sectorView } from '@granary/chain/state'
import { computeCommD, parsePieceCid } from '@granary/proofs/verify'
import { createDisk } from './disk.ts'
import { isWorthLapsing, isWorthLeaving } from './leaving.ts'
import { sum } from './money.ts'
import { createProver, PARTITIONS_MAX } from './proving.ts'
import { createPurse } from './purse.ts'
import { createRandom } from './random.ts'
import { PROFILE, provePoRep } from './simulated-proofs.ts'
import type { Strategy } from './strategies.ts'
import {
  DEALS_PER_SECTOR,
  epochsIn,
  FAULT_CHANCE,
  PIECE_BYTES,
  repairMs,
  SECTOR_GIB,
  sealingMs,
  sectorLocks,
  TIB,
  type World,
} from './world.ts'

export interface SimProvider {
  readonly strategy: Strategy
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
  /** Deals that it has room for. */
  wanted(): number
  /** For deals that will be published soon. */
  reserve(collateral: bigint): void
  sign(terms: DealTerms): Uint8Array
  /** What its deals and the chain will pay for spans that no challenge has closed yet, if the next one is answered. */
  openSpans(): bigint
  realCosts(): RealCosts
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

interface SoldDeal {
  readonly id: number
  readonly pricePerEpoch: bigint
  readonly duration: number
  readonly collateral: bigint
  readonly pieceRoot: Uint8Array
  endsAt: number
}

interface PlannedSector {
  readonly number: number
  readonly deals: readonly SoldDeal[]
  readonly sealedAt: number
  /** For how long it was sealed. */
  readonly lasts: number
  state: 'sealing' | 'committed' | 'active'
}

const MONTH_MS = 30 * 24 * 3_600_000
/** How far an ask lies from the market's price, at most: in parts of 1,000. */
const ASK_SPREAD = 10
/** Epochs in which a list that was frozen before may still be challenged. */
const LEAVING_EPOCHS = 5
const SETTLE_MAX = 256

export function createProvider({ world, strategy, rank, owner, client }: ProviderParts): SimProvider {
  const { chain, params, costs, diskSectors } = world
  const faults = createRandom(world.seed, `faults of ${rank}`)
  const random = createRandom(world.seed, `${strategy.name} ${rank}`)
  const askSpread = createRandom(world.seed, `ask of ${rank}`).between(-ASK_SPREAD, ASK_SPREAD)
  const disk = createDisk(PROFILE)
  const { pledge, deposit } = sectorLocks(params)
  const sectors = new Map<number, PlannedSector>()
  const left = new Set<number>()
  const repairing = new Set<number>()
  const unsettled = new Set<number>()
  let waiting: SoldDeal[] = []
  /** Deals that it may let lapse. */
  let considered = 0
  let providerId: number | undefined
  let nextNumber = 0
  let periods = 0
  let isStopped = false
  let wasCaught = false
  let gibSealed = 0
  let gibRecovered = 0

  const id = (): number => {
    if (providerId === undefined) throw new Error(`${strategy.name} ${rank} is not registered yet`)
    return providerId
  }
  const purse = createPurse(world, owner, id)
  const isLeft = (sector: number): boolean => left.has(sector)
  const prover = createProver({ world, owner, provider: id, disk, answersEvery: strategy.answersEvery, isLeft })

  /** With a disk that is full, over the oldest replica. */
  function store(sector: number): void {
    const held = disk.numbers()
    if (held.length >= diskSectors && !held.includes(sector)) disk.keep(held[0]!, 0, chain.height)
    disk.store(sector, chain.height)
  }

  function seal(deals: readonly SoldDeal[]): void {
    const number = nextNumber
    nextNumber += 1
    const ticketEpoch = chain.height
    const lasts = deals.reduce((most, { duration }) => Math.max(most, duration), params.dealDurationMin)
    const sector: PlannedSector = { number, deals, sealedAt: ticketEpoch, lasts, state: 'sealing' }
    sectors.set(number, sector)
    gibSealed += SECTOR_GIB
    chain.at(chain.height + epochsIn(params, sealingMs), () => {
      store(number)
      purse.reserve(pledge + deposit)
      // The deposit, if one is needed, goes first.
      chain.at(chain.height + 1, () => preCommit(sector))
    })
  }

  function preCommit({ number, deals, sealedAt: ticketEpoch, lasts }: PlannedSector): void {
    const pieces = deals.map(({ pieceRoot: root }) => ({ root, paddedSize: PIECE_BYTES }))
    const sector = {
      number,
      profile: PROFILE.name,
      commD: computeCommD(pieces, PROFILE.sectorBytes),
      commR: random.bytes32(),
      ticketEpoch,
      deals: deals.map((deal) => deal.id),
      // Room for blocks that are late, within the greatest expiry.
      expiry: chain.height + params.commitExpiry + lasts + params.provingPeriod,
    }
    chain.submit(owner, 'PreCommitSectors', { provider: id(), sectors: [sector] }, (result) => {
      purse.release(pledge + deposit)
      if (result?.code !== 'OK') forget(number)
    })
  }

  /** Nothing came of it, or it is over: its room is free. */
  function forget(number: number): void {
    sectors.delete(number)
    left.delete(number)
    disk.keep(number, 0, chain.height)
  }

  function repair(number: number, doing: 'sealing' | 'fetching'): void {
    if (repairing.has(number)) return
    repairing.add(number)
    if (doing === 'sealing') gibSealed += SECTOR_GIB
    else gibRecovered += SECTOR_GIB
    chain.at(chain.height + epochsIn(params, repairMs), () => {
      repairing.delete(number)
      if (isStopped || isLeft(number) || !sectors.has(number)) return
      store(number)
      prover.tend()
    })
  }

  function loseReplica(number: number): void {
    const sector = sectors.get(number)
    if (sector?.state !== 'active' || isLeft(number) || isStopped || !disk.holds(number, 0)) return
    disk.keep(number, 0, chain.height)
    repair(number, 'fetching')
    if (strategy.declaresFaults) declare(number)
  }

  function declare(number: number): void {
    const view = sectorView(chain.state, id(), number)
    if (view?.state !== 'active' || view.partition === undefined) return
    chain.submit(owner, 'DeclareFaults', { provider: id(), partition: view.partition, sectors: [number] })
  }

  function meetFaults(): void {
    for (let place = 0; place < diskSectors; place += 1) {
      const isFaulty = faults.unit() < FAULT_CHANCE
      const after = faults.between(1, params.provingPeriod - 1)
      if (!isFaulty) continue
      chain.at(chain.height + after, () => {
        const number = [...disk.numbers()].sort((a, b) => a - b)[place]
        if (number !== undefined) loseReplica(number)
      })
    }
  }

  function leaveWhatIsWorthLeaving(): void {
    for (const { number, deals, state } of sectors.values()) {
      if (state !== 'active' || isLeft(number) || !isWorthLeaving(world, strategy.leavesBy, deals)) continue
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
    const views = partitionViews(chain.state, id(), undefined, PARTITIONS_MAX)
    const challenge = views.find((view) => view.number === partition)?.challenge
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

  /** Of what its sealing has cost, the part for the time to come. */
  function sealingAhead({ number, sealedAt, lasts }: PlannedSector): bigint {
    const ahead = isLeft(number) || isStopped ? 0 : Math.max(0, sealedAt + lasts - chain.height)
    return (BigInt(SECTOR_GIB) * costs.sealingGiB * BigInt(ahead)) / BigInt(lasts)
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
      durationMin: params.dealDurationMin,
      durationMax: params.dealDurationMax,
      profiles: [PROFILE.name],
      validUntil: chain.height + 2 * params.provingPeriod,
    })
  }

  function sold(dealId: number): void {
    const { terms } = dealView(chain.state, dealId)!
    const collateral = BigInt(terms.providerCollateral)
    purse.release(collateral)
    unsettled.add(dealId)
    waiting.push({
      id: dealId,
      pricePerEpoch: BigInt(terms.pricePerEpoch),
      duration: Number(terms.duration),
      collateral,
      pieceRoot: parsePieceCid(terms.pieceCid).root,
      endsAt: Number.POSITIVE_INFINITY,
    })
    if (waiting.length < DEALS_PER_SECTOR) return
    const deals = waiting
    waiting = []
    if (!strategy.lapses) {
      seal(deals)
      return
    }
    considered += deals.length
    chain.at(chain.height + params.provingPeriod, () => {
      considered -= deals.length
      if (!isWorthLapsing(world, deals)) seal(deals)
    })
  }

  return {
    strategy,
    owner,
    client,
    id,
    settle,
    register: () => {
      const profile = { payout: owner.address, sessionKey: new Uint8Array(0), endpoints: [], peerId: '', region: '' }
      chain.submit(owner, 'RegisterProvider', { ...profile, name: `${strategy.name} ${rank}` }, (result) => {
        providerId = Number(result?.events[0]?.provider)
        purse.reserve(0n)
      })
    },
    happened: (event) => {
      const number = Number(event.sector)
      switch (event.type) {
        case 'deal:published':
          sold(Number(event.deal))
          break
        case 'deal:active':
          for (const deal of sectors.get(number)?.deals ?? []) {
            if (deal.id === event.deal) deal.endsAt = Number(event.endsAt)
          }
          break
        case 'deal:expired':
        case 'deal:terminated':
        case 'deal:lapsed':
          unsettled.delete(Number(event.deal))
          break
        case 'sector:precommitted':
          sectors.get(number)!.state = 'committed'
          chain.at(Number(event.epoch) + params.seedDelay, () => {
            chain.submit(owner, 'ProveCommitSector', { provider: id(), number, bundle: provePoRep(disk, number) })
          })
          break
        case 'sector:proven':
          sectors.get(number)!.state = 'active'
          if (strategy.dropShare > 0 && !wasCaught) disk.keep(number, 1 - strategy.dropShare, chain.height)
          break
        case 'sector:terminated':
        case 'sector:expired':
          if (!isLeft(number)) forget(number)
          else sectors.delete(number)
          break
        case 'post:missed':
          if (strategy.dropShare > 0) {
            wasCaught = true
            for (const held of disk.numbers()) if (!disk.isWhole(held)) repair(held, 'sealing')
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
      meetFaults()
      settle()
      leaveWhatIsWorthLeaving()
      if (strategy.deals === 'none') for (let free = diskSectors - sectors.size; free > 0; free -= 1) seal([])
      prover.tend()
      if (strategy.withdraws) purse.withdraw()
      ask()
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
      const signature = owner.sign(dealTermsDigest(chain.genesisHash, terms))
      if (signature instanceof Promise) throw new TypeError('the signers of a simulation are synchronous')
      return signature
    },
    openSpans: () => {
      const pending = partitionViews(chain.state, id(), undefined, PARTITIONS_MAX).map((view) => BigInt(view.pending))
      return sum([...[...unsettled].map(openSpanOf), ...pending])
    },
    realCosts: () => ({
      disk: (disk.usage(chain.height) * costs.diskTiBMonth) / (BigInt(TIB) * BigInt(epochsIn(params, MONTH_MS))),
      sealing: BigInt(gibSealed) * costs.sealingGiB - sum([...sectors.values()].map(sealingAhead)),
      recovery: BigInt(gibRecovered) * costs.recoveryGiB,
      proofs: BigInt(prover.proofs()) * costs.proof,
    }),
  }
}
