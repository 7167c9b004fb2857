import { randomBytes } from 'node:crypto'
import { access, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { profileNamed } from '@granary/proofs/profile'
import { sendMessage } from '@granary/protocol/client'
import { accountSigner, feeOf, type Signer } from '@granary/protocol/messages'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { createMemoryFeed, type MemoryFeed } from '../../test/fake-feed.ts'
import {
  type Devnet,
  type PublishedDeal,
  publishDeal,
  registerProvider,
  startDevnet,
  type TestProvider,
} from '../../test/start-devnet.ts'
import { volumesIn } from '../../test/volumes-in.ts'
import { type Alerts, createAlerts } from '../alerts.ts'
import { type ChainFollower, createChainFollower } from '../chain/follow-chain.ts'
import { createProvenEnds } from '../chain/proven-ends.ts'
import { createSignedState } from '../chain/signed-state.ts'
import { createProver } from '../proving/prover.ts'
import { createQueue } from '../queue/create-queue.ts'
import { JobFailedError, type JobQueue } from '../queue/job-queue.ts'
import type { ProviderJobs } from '../sealing/jobs.ts'
import { sectorLane } from '../sectors/lanes.ts'
import type { SealingLogEvent } from '../sectors/sealing-log.ts'
import type { SectorPhase, SectorState } from '../sectors/sector.ts'
import { createSectorStore, type SectorStore } from '../sectors/store.ts'
import { openStore } from '../storage/open-store.ts'
import { createWork, type Work } from './create-work.ts'

const profile = profileNamed('2KiB-test')
const PAYLOAD_BYTES = 900
const DURATION_EPOCHS = 40
const SEAL_AFTER_MS = 200
const OTHER_HASH = `0x${'17'.repeat(32)}`

let folder: string
let devnet: Devnet
let client: Signer
let queue: JobQueue<ProviderJobs>

/** One provider with a home of its own; may be stopped and started again. */
interface Home {
  readonly provider: TestProvider
  readonly feed: MemoryFeed
  readonly logged: SealingLogEvent[]
  readonly alerts: Alerts
  store: SectorStore
  db: DatabaseSync
  start(onLog?: (event: SealingLogEvent) => void): void
  stop(): Promise<void>
  publish(payload?: Uint8Array): Promise<PublishedDeal>
  sectorFiles(number: number): Promise<string[]>
  /** While it is started. */
  work(): Work
}

const homes: Home[] = []
/** Lives through the whole file, beside the others, until its sector is over. */
let life: Home
let lifeDeals: PublishedDeal[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-sealing-'))
  client = accountSigner(new Uint8Array(randomBytes(32)))
  const [opened, started] = await Promise.all([
    createQueue<ProviderJobs>({ folder: join(folder, 'queue') }),
    startDevnet(join(folder, 'devnet')),
  ])
  queue = opened
  devnet = started
  await devnet.chain.faucet(client.address)
  life = await makeHome()
  homes.length = 0
  // Both are there when it starts, however long they take: one sector holds them.
  lifeDeals = await Promise.all([life.publish(), life.publish(new Uint8Array(0))])
  life.start()
})

afterEach(async () => {
  for (const home of homes.splice(0)) await home.stop()
})

afterAll(async () => {
  await life?.stop()
  await queue?.stop()
  await devnet?.stop()
  await rm(folder, { recursive: true, force: true })
})

async function makeHome(
  jobs: JobQueue<ProviderJobs> = queue,
  securePieces: () => Promise<boolean> = async () => true,
): Promise<Home> {
  const provider = await registerProvider(devnet.chain, profile)
  const { genesisHash } = await devnet.chain.status()
  const signed = createSignedState({ chain: devnet.chain, genesisHash })
  const own = await mkdtemp(join(folder, `provider-${provider.id}-`))
  const sectors = join(own, 'sectors')
  const feed = createMemoryFeed()
  const logged: SealingLogEvent[] = []
  const alerts = createAlerts(() => {})
  const db = openStore(join(own, 'provider.sqlite'))
  let sealing: Work | undefined
  let follower: ChainFollower | undefined
  const home: Home = {
    provider,
    feed,
    logged,
    alerts,
    db,
    store: createSectorStore(db),
    start: (onLog) => {
      follower = createChainFollower({ chain: devnet.chain, from: devnet.chain.height })
      follower.start()
      sealing = createWork({
        follower,
        ends: createProvenEnds({ signed, providerId: provider.id, alerts }),
        db: home.db,
        ...{ folder: own, volumes: volumesIn(own) },
        prover: createProver(),
        parentsDir: join(folder, 'parents'),
        chain: devnet.chain,
        signer: provider.session,
        providerId: provider.id,
        profile,
        profiles: [profile],
        deals: feed,
        alerts,
        witness: { numbered: () => {} },
        securePieces,
        queue: jobs,
        ...{ sealAfterMs: SEAL_AFTER_MS, blockTimeMs: 100 },
        log: (event) => {
          logged.push(event)
          onLog?.(event)
        },
        retry: { failuresMax: 3, waitMinMs: 50, waitMaxMs: 500 },
      })
      sealing.start()
    },
    stop: async () => {
      await sealing?.stop()
      await follower?.stop()
      sealing = undefined
    },
    publish: async (payload = new Uint8Array(randomBytes(PAYLOAD_BYTES))) => {
      const input = { chain: devnet.chain, provider, client, folder: join(own, 'pieces'), payload }
      const deal = await publishDeal({ ...input, duration: DURATION_EPOCHS })
      feed.publish(deal)
      sealing?.nudge()
      return deal
    },
    sectorFiles: (number) => readdir(join(sectors, String(number))).catch(() => []),
    work: () => sealing!,
  }
  homes.push(home)
  return home
}

/** Stopped as soon as its first sector is there, and what its store says of it is changed. */
async function stoppedIn(home: Home, state: SectorState, change: (phase: SectorPhase) => SectorPhase): Promise<void> {
  const { promise: there, resolve } = Promise.withResolvers<void>()
  home.start((event) => {
    if (event.type === 'sector:moved' && event.state === state) resolve(home.stop())
  })
  await there
  const { phase } = home.store.get(1)
  home.db.prepare('UPDATE sectors SET phase = ?').run(JSON.stringify(change(phase)))
}

async function takeCollateral({ provider: { id, owner } }: Home): Promise<() => Promise<unknown>> {
  const { chain } = devnet
  const amount = BigInt((await chain.provider(id)).collateral.free)
  const body = { provider: id, amount }
  await sendMessage({ chain, signer: owner, kind: 'WithdrawCollateral', body })
  return () => sendMessage({ chain, signer: owner, kind: 'DepositCollateral', body })
}

async function takeBalance({ provider: { owner } }: Home): Promise<() => Promise<unknown>> {
  const { chain } = devnet
  const other = accountSigner(new Uint8Array(randomBytes(32)))
  const [{ balance }, fees, { accountFee }] = await Promise.all([
    chain.account(owner.address),
    chain.fees(),
    chain.params(),
  ])
  const amount = BigInt(balance) - accountFee - 3n * feeOf('Transfer', 512, fees)
  await sendMessage({ chain, signer: owner, kind: 'Transfer', body: { to: other.address, amount } })
  const back = { to: owner.address, amount: amount / 2n }
  return () => sendMessage({ chain, signer: other, kind: 'Transfer', body: back })
}

async function until(what: string, ready: () => boolean | Promise<boolean>, timeoutMs = 40_000): Promise<void> {
  const giveUpMs = performance.now() + timeoutMs
  while (!(await ready())) {
    if (performance.now() > giveUpMs) throw new Error(`did not happen within ${timeoutMs} ms: ${what}`)
    await sleep(50)
  }
}

test('a sector that is given up while it is sealed stops, and its deal goes into another; on the chain it stays', async () => {
  let isStuck = true
  const stuck = (signal?: AbortSignal): Promise<never> =>
    new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason), { once: true }))
  const jobs: JobQueue<ProviderJobs> = {
    ...{ backend: 'local', slots: () => 1, stop: async () => {} },
    run: (request, options) => (isStuck ? stuck(options?.signal) : queue.run(request, options)),
  }
  const home = await makeHome(jobs)
  home.start()
  const { dealId } = await home.publish()
  await until('it is sealed', () => home.feed.entries(dealId, 'seal-started').length > 0)
  isStuck = false
  await home.work().abandon(1)
  expect(home.store.get(1).phase).toMatchObject({ state: 'failed', code: 'SECTOR_ABANDONED', cleaned: true })
  expect(await home.sectorFiles(1)).toEqual([])
  await until('the deal is active', () => home.feed.states.get(dealId) === 'active')
  expect(home.store.get(2).pieces.map((piece) => piece.dealId)).toEqual([dealId])
  expect(home.store.events(2).map(({ state }) => state)).toEqual(
    expect.arrayContaining(['filling', 'sealing', 'sealed', 'precommitted', 'proving']),
  )
  await expect(home.work().abandon(2)).rejects.toMatchObject({
    code: 'SECTOR_STATE_WRONG',
    message: expect.stringContaining('sector 2 is proving'),
    hint: expect.not.stringContaining('report'),
  })
  await home.work().retry(2)
  expect(home.store.get(2).phase.state).toBe('proving')
})

test('a sector that has come further when it is to be given up goes on', async () => {
  let store: SectorStore | undefined
  const facts = { ticket: { epoch: 1, randomness: OTHER_HASH }, commD: OTHER_HASH, commR: OTHER_HASH }
  let isBegun = false
  const finishing = async (signal: AbortSignal): Promise<never> => {
    isBegun = true
    while (!signal.aborted) await sleep(10)
    store?.move(1, 'sealing', { state: 'sealed', ...facts, sealMs: 1 })
    store?.move(1, 'sealed', { state: 'precommitting', ...facts })
    throw signal.reason
  }
  const jobs: JobQueue<ProviderJobs> = {
    ...{ backend: 'local', slots: () => 1, stop: async () => {} },
    run: (request, options) => (store === undefined ? queue.run(request, options) : finishing(options!.signal!)),
  }
  const home = await makeHome(jobs)
  store = home.store
  home.start()
  const { dealId } = await home.publish()
  await until('it is sealed', () => home.feed.entries(dealId, 'seal-started').length > 0 && isBegun)
  await expect(home.work().abandon(1)).rejects.toMatchObject({ code: 'SECTOR_STATE_WRONG' })
  store = undefined
  // Its ticket is not the chain's.
  await until('it is looked at again', () => home.store.get(1).phase.state === 'failed', 10_000)
  expect(home.store.get(1).phase).toMatchObject({ code: 'CHAIN_ROLLED_BACK' })
})

describe('a provider on a real chain', () => {
  test('seals what was published, proves it and is paid', async () => {
    const { feed, provider } = life
    const { dealId } = lifeDeals[0]!
    await until('the deal is active', () => feed.states.get(dealId) === 'active')
    expect(await devnet.chain.deal(dealId)).toMatchObject({
      state: 'active',
      sector: { provider: provider.id, number: 1 },
    })
    await until('a payment is settled', () => feed.entries(dealId, 'settled').length > 0)
    const types = new Set(feed.timeline.filter(({ deal }) => deal === dealId).map(({ type }) => type))
    expect([...types]).toEqual([
      'sector-planned',
      'seal-started',
      'seal-layer',
      'sealed',
      'precommitted',
      'porep-sent',
      'porep-accepted',
      'active',
      'challenged',
      'post-accepted',
      'settled',
    ])
    const [accepted] = feed.entries(dealId, 'porep-accepted')
    expect(accepted?.data).toMatchObject({ sector: 1, bytes: expect.any(Number), verifyMs: expect.any(Number) })
    expect(feed.entries(dealId, 'post-accepted')[0]?.data).toMatchObject({ partition: 0, bytes: expect.any(Number) })
    const [time, ...others] = life.store.sealingTimes(8)
    expect([others, time]).toEqual([[], { machineMs: expect.any(Number), seedEpochs: expect.any(Number) }])
    expect(Math.min(time!.machineMs, time!.seedEpochs)).toBeGreaterThan(0)
  })

  test('stopped and started again in each state, the sector goes on and is committed once', async () => {
    const home = await makeHome()
    const { promise: finished, resolve: finish } = Promise.withResolvers<void>()
    const seen = new Set<SectorState>()
    let restarting: Promise<void> = Promise.resolve()
    const onLog = (event: SealingLogEvent): void => {
      if (event.type !== 'sector:moved' || seen.has(event.state as SectorState)) return
      seen.add(event.state as SectorState)
      if (event.state === 'proving') finish()
      else restarting = restarting.then(restart)
    }
    const restart = async (): Promise<void> => {
      await home.stop()
      home.start(onLog)
    }
    home.start(onLog)
    const { dealId } = await home.publish()
    await finished
    await restarting
    await until(
      'the layers are dropped',
      async () => !(await home.sectorFiles(1)).some((name) => name.includes('layer')),
    )
    expect([...seen]).toEqual(['sealed', 'precommitting', 'precommitted', 'committing', 'proving'])
    expect((await devnet.chain.deal(dealId)).state).toBe('active')
    const { sequences } = await devnet.chain.account(home.provider.owner.address)
    expect(sequences[sectorLane(1)]).toBe(2)
  })

  test('a message that was sent but not written down is found on the chain and not sent again', async () => {
    const home = await makeHome()
    const rewound = new Map<SectorState, SectorPhase>()
    const { promise: finished, resolve: finish } = Promise.withResolvers<void>()
    // What a kill between the block and the write leaves behind: the state before it.
    const forget = async (to: SectorState): Promise<void> => {
      await home.stop()
      const phase = rewound.get(to)!
      home.db.prepare('UPDATE sectors SET state = ?, phase = ?').run(to, JSON.stringify(phase))
      home.start(onLog)
    }
    let work: Promise<void> = Promise.resolve()
    const onLog = (event: SealingLogEvent): void => {
      if (event.type !== 'sector:moved') return
      const state = event.state as SectorState
      const again = rewound.has(state)
      if (!again) rewound.set(state, home.store.get(1).phase)
      if (state === 'precommitted' && !again) work = work.then(() => forget('precommitting'))
      if (state === 'proving' && !again) work = work.then(() => forget('committing'))
      if (state === 'proving' && again) finish()
    }
    home.start(onLog)
    const { dealId } = await home.publish()
    await finished
    await work
    const { sequences } = await devnet.chain.account(home.provider.owner.address)
    expect(sequences[sectorLane(1)]).toBe(2)
    expect((await devnet.chain.deal(dealId)).state).toBe('active')
  })

  test('a proof for a seed that the chain has drawn anew since is made again, and the old one is not sent', async () => {
    const home = await makeHome()
    const { dealId } = await home.publish()
    await stoppedIn(home, 'committing', (phase) => ({ ...phase, seed: OTHER_HASH }))
    home.start()
    await until('the deal is active', () => home.feed.states.get(dealId) === 'active')
    const { sequences } = await devnet.chain.account(home.provider.owner.address)
    expect(sequences[sectorLane(1)]).toBe(2)
    expect(home.store.inStates('failed')).toEqual([])
  })

  test('a replica of a ticket that the chain has drawn anew since is kept aside, and its deals are sealed again', async () => {
    const home = await makeHome()
    const { dealId } = await home.publish()
    await stoppedIn(home, 'sealed', (phase) => {
      if (phase.state !== 'sealed') throw new TypeError(`it is ${phase.state}`)
      return { ...phase, ticket: { ...phase.ticket, randomness: OTHER_HASH } }
    })
    home.start()
    await until('the deal is active', () => home.feed.states.get(dealId) === 'active')
    expect((await devnet.chain.deal(dealId)).sector?.number).toBe(2)
    expect(home.store.get(1).phase).toMatchObject({ state: 'failed', code: 'CHAIN_ROLLED_BACK' })
    // Not a message was sent for it.
    const { sequences } = await devnet.chain.account(home.provider.owner.address)
    expect(sequences[sectorLane(1)]).toBeUndefined()
  })

  test('a piece that rotted on disk ends its sector with a code; other sectors go on', async () => {
    const home = await makeHome()
    const bad = await home.publish(new Uint8Array(randomBytes(1_900)))
    await rm(bad.path)
    const good = await home.publish(new Uint8Array(randomBytes(1_800)))
    home.start()
    await until('the good deal is active', () => home.feed.states.get(good.dealId) === 'active')
    await until('the bad deal is given up', () =>
      home.feed
        .entries(bad.dealId, 'failed')
        .some((entry) => entry.type === 'failed' && entry.data.code === 'SEALING_GIVEN_UP'),
    )
    const failed = home.store.inStates('failed')
    expect(failed.map(({ number }) => number)).toHaveLength(3)
    expect(new Set(home.store.inStates('failed', 'proving').map(({ number }) => number)).size).toBe(4)
    for (const { number } of failed) expect(await home.sectorFiles(number)).toEqual([])
  })

  test('what a sealing that was not finished has written is no copy of anything, and goes', async () => {
    const home = await makeHome(queue, async () => false)
    const { dealId, path } = await home.publish()
    await rm(path)
    home.start()
    await until('the deal is given up', () =>
      home.feed
        .entries(dealId, 'failed')
        .some((entry) => entry.type === 'failed' && entry.data.code === 'SEALING_GIVEN_UP'),
    )
    for (const { number } of home.store.inStates('failed')) expect(await home.sectorFiles(number)).toEqual([])
    expect(home.alerts.list().filter(({ code }) => code === 'SET_ASIDE')).toEqual([])
  })

  test.each([
    ['INSUFFICIENT_COLLATERAL', takeCollateral],
    ['INSUFFICIENT_FUNDS', takeBalance],
  ])('%s: a sealed sector waits, its owner is told, and it goes on when the money is there', async (code, take) => {
    const home = await makeHome()
    const { dealId } = await home.publish()
    const giveBack = await take(home)
    home.start()
    await until('the owner is told', () => home.alerts.list().some((alert) => alert.code === code))
    expect(home.alerts.list()).toMatchObject([{ code, subject: 'sector 1', hint: expect.any(String) }])
    // Longer than the three failures, half a second apart, after which this home gives anything else up.
    await sleep(3_000)
    expect(home.store.inStates('failed')).toEqual([])
    expect(await home.sectorFiles(1)).toContain('replica')
    await giveBack()
    await until('the deal is active', () => home.feed.states.get(dealId) === 'active')
    expect(home.store.inStates('proving').map(({ number }) => number)).toEqual([1])
    expect(home.alerts.list()).toEqual([])
  })

  test('a chain that is away for a while delays a sector and fails nothing', async () => {
    const home = await makeHome()
    home.start((event) => {
      if (event.type === 'sector:moved' && event.state === 'sealed') void devnet.restart()
    })
    const { dealId } = await home.publish()
    await until('the deal is active', () => home.feed.states.get(dealId) === 'active')
    expect(home.store.inStates('failed')).toEqual([])
  })

  test('a disk without room delays a sector for as long as it takes, and fails nothing', async () => {
    let refusals = 0
    const full: JobQueue<ProviderJobs> = {
      ...queue,
      run: async (request, options) => {
        if (request.kind !== 'seal' || refusals === 5) return queue.run(request, options)
        refusals += 1
        throw new JobFailedError({ code: 'DISK_TOO_SMALL', message: 'full', hint: 'make room', retryable: true })
      },
    }
    const home = await makeHome(full)
    home.start()
    const { dealId } = await home.publish()
    await until('the deal is active', () => home.feed.states.get(dealId) === 'active')
    expect(refusals).toBe(5)
    expect(home.store.inStates('failed')).toEqual([])
  })

  test('cleans up when the chain is done with a sector and every deal in it is settled', async () => {
    const { feed, logged, store } = life
    await until('the sector is cleaned', () => logged.some((event) => event.type === 'sector:cleaned'))
    for (const { dealId, path } of lifeDeals) {
      const ended = await devnet.chain.deal(dealId)
      expect(ended).toMatchObject({ state: 'expired', provenEpochs: DURATION_EPOCHS, faultedEpochs: 0, locked: '0' })
      expect(feed.entries(dealId, 'settled').at(-1)?.data).toMatchObject({
        paid: ended.paid,
        provenEpochs: DURATION_EPOCHS,
      })
      expect(feed.entries(dealId, 'post-missed')).toEqual([])
      // The piece is the deals' side's to drop.
      await access(path)
    }
    expect(store.get(1).phase).toEqual({ state: 'expired', cleaned: true })
    expect(await life.sectorFiles(1)).toEqual([])
  })
})
