/**
 * One damaged sector in a partition of four, on a real chain: the other three never miss a proof, and the damaged one comes
 * back where its data allows it, or is declared.
 */
import { randomBytes } from 'node:crypto'
import { truncateSync } from 'node:fs'
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { profileNamed } from '@granary/proofs/profile'
import type { MemberView, PartitionView } from '@granary/protocol/client'
import { accountSigner, type Signer } from '@granary/protocol/messages'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { createMemoryFeed } from '../../test/fake-feed.ts'
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
import { createQueue } from '../queue/create-queue.ts'
import type { JobQueue } from '../queue/job-queue.ts'
import type { ProviderJobs } from '../sealing/jobs.ts'
import type { SealingLogEvent } from '../sectors/sealing-log.ts'
import { openStore } from '../storage/open-store.ts'
import { createWork, type Work } from '../work/create-work.ts'
import { createProver } from './prover.ts'
import { scrubPace } from './scrub-replicas.ts'

const profile = profileNamed('8MiB-dev')
/** More than half of a sector, so that each deal has one of its own. */
const PAYLOAD_BYTES = 4_200_000
const SECTORS = 4
const UNTIL_MS = 120_000

let folder: string
let devnet: Devnet
let queue: JobQueue<ProviderJobs>
let client: Signer
let provider: TestProvider
let deals: PublishedDeal[]
/** Of the partition's sectors. The second is the one that is damaged. */
let numbers: number[]
let sealing: Work
let follower: ChainFollower
let alerts: Alerts
let logged: SealingLogEvent[]
let missed: string[]
const watching = new AbortController()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-damaged-'))
  client = accountSigner(new Uint8Array(randomBytes(32)))
  const [opened, started] = await Promise.all([
    createQueue<ProviderJobs>({ folder: join(folder, 'queue') }),
    startDevnet(join(folder, 'devnet'), { provingPeriod: '40', faultMaxAge: '4000' }),
  ])
  queue = opened
  devnet = started
  await devnet.chain.faucet(client.address)
  provider = await registerProvider(devnet.chain, profile)
  const feed = createMemoryFeed()
  const db = openStore(join(folder, 'provider.sqlite'))
  logged = []
  missed = []
  alerts = createAlerts(() => {})
  follower = createChainFollower({ chain: devnet.chain, from: devnet.chain.height })
  follower.start()
  sealing = createWork({
    follower,
    ends: createProvenEnds({
      ...{ providerId: provider.id, alerts },
      signed: createSignedState({ chain: devnet.chain, genesisHash: (await devnet.chain.status()).genesisHash }),
    }),
    ...{ db, queue, profile, profiles: [profile], alerts, deals: feed, chain: devnet.chain },
    ...{ folder, volumes: volumesIn(folder) },
    prover: createProver(),
    parentsDir: join(folder, 'parents'),
    signer: provider.session,
    providerId: provider.id,
    ...{ sealAfterMs: 0, blockTimeMs: 100 },
    // Each replica is read whole every few seconds.
    scrubPace: { ...scrubPace, againMs: 3_000, roundMs: 1_000, idleMs: 500 },
    witness: { numbered: () => {} },
    securePieces: async () => true,
    log: (event) => logged.push(event),
  })
  sealing.start()
  void watchMisses()
  deals = []
  // A sector that comes while its partition is being challenged may be placed in another one.
  while ((await partition())?.sectors !== SECTORS) {
    const payload = new Uint8Array(randomBytes(PAYLOAD_BYTES))
    const input = { chain: devnet.chain, provider, client, folder: join(folder, 'pieces'), payload }
    const deal = await publishDeal({ ...input, duration: 5_000 })
    deals.push(deal)
    feed.publish(deal)
    sealing.nudge()
    await until('the next sector is proven', () => feed.states.get(deal.dealId) === 'active')
  }
  numbers = await membersIn('sound')
}, UNTIL_MS * 8)

afterAll(async () => {
  watching.abort()
  await sealing?.stop()
  await follower?.stop()
  await queue?.stop()
  await devnet?.stop()
  await rm(folder, { recursive: true, force: true })
})

async function watchMisses(): Promise<void> {
  const types = ['post:missed', 'recovery:missed'] as const
  try {
    for await (const event of devnet.chain.events({ types, signal: watching.signal })) missed.push(event.type)
  } catch (error) {
    if (!watching.signal.aborted) throw error
  }
}

async function partition(): Promise<PartitionView | undefined> {
  return (await devnet.chain.partitions(provider.id))[0]
}

async function membersIn(state: MemberView['state']): Promise<number[]> {
  const members = devnet.chain.members({ provider: provider.id, partition: 0 }, state)
  return (await Array.fromAsync(members)).map(({ number }) => number)
}

async function until(what: string, ready: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpMs = performance.now() + UNTIL_MS
  while (!(await ready())) {
    if (performance.now() > giveUpMs) {
      const last = JSON.stringify({ view: await partition(), logged: logged.slice(-12) })
      throw new Error(`did not happen within ${UNTIL_MS} ms: ${what}; ${last}`)
    }
    await sleep(50)
  }
}

const second = (): number => numbers[1]!
const at = (...names: string[]): string => join(folder, 'sectors', String(second()), ...names)
const turned = async (path: string): Promise<void> =>
  writeFile(
    path,
    new Uint8Array(await readFile(path)).map((byte) => byte ^ 0xff),
  )
const said = (type: SealingLogEvent['type']): SealingLogEvent[] => logged.filter((event) => event.type === type)

const skippedIn = (event: SealingLogEvent): readonly number[] => (event.type === 'post:accepted' ? event.skipped : [])

async function nextChallenge(): Promise<void> {
  const { number } = (await partition())!
  for await (const event of devnet.chain.events({ types: ['challenge:opened'], signal: watching.signal }))
    if (event.partition === number) return
}

/** All four are in the list and have been proven so, more than once. */
async function allSound(): Promise<void> {
  await until('all are sound', async () => {
    const view = await partition()
    return view?.sectors === SECTORS && view.sound === SECTORS
  })
  const since = said('post:accepted').length
  await until('all are proven', () => said('post:accepted').length >= since + 2)
}

beforeEach(async () => {
  await allSound()
  logged.length = 0
}, UNTIL_MS)

afterEach(() => {
  expect(missed).toEqual([])
})

describe('one damaged sector of four is mended, and the other three never miss', () => {
  test.each<[string, 'tree' | 'sealing', () => Promise<void>]>([
    ['treeR flipped', 'tree', () => turned(at('tree-r'))],
    ['the replica flipped', 'sealing', () => turned(at('replica'))],
    ['the replica truncated', 'sealing', () => truncate(at('replica'), 1_000_000)],
    ['the manifest deleted', 'sealing', () => rm(at('manifest.json'))],
    ['the folder deleted', 'sealing', () => rm(at(), { recursive: true })],
  ])(
    '%s',
    async (_, by, damage) => {
      await damage()
      await until('the damage is mended', () => said('sector:mended').length > 0)
      expect(said('sector:mended')).toEqual([{ type: 'sector:mended', sector: second(), by }])
      await allSound()
      expect(alerts.list()).toEqual([])
      const skipped = logged.flatMap(skippedIn)
      expect(skipped.filter((number) => number !== second())).toEqual([])
    },
    UNTIL_MS * 3,
  )
})

describe('a bit of the replica, which samples find one time in hundreds', () => {
  async function flip(): Promise<void> {
    const bytes = new Uint8Array(await readFile(at('replica')))
    const place = Math.floor(Math.random() * bytes.length)
    bytes[place]! ^= 1
    await writeFile(at('replica'), bytes)
  }

  test(
    'is found by reading it whole, and is sealed again without a declaration',
    async () => {
      let isFoundFirst = false
      // A sample may find it first, or one of those that say whether it still proves: then it is declared.
      for (let tries = 0; !isFoundFirst && tries < 8; tries += 1) {
        await allSound()
        logged.length = 0
        await flip()
        await until('the damage is mended', () => said('sector:mended').length > 0)
        expect(said('sector:mended')).toEqual([{ type: 'sector:mended', sector: second(), by: 'sealing' }])
        isFoundFirst = said('replica:damaged').length > 0 && said('fault:declared').length === 0
      }
      expect(isFoundFirst).toBe(true)
      await allSound()
      expect(alerts.list()).toEqual([])
    },
    UNTIL_MS * 8,
  )

  test(
    'is declared when its pieces are damaged too, and comes back with them',
    async () => {
      const deal = deals[second() - 1]!
      const payload = await readFile(deal.path)
      await writeFile(deal.path, randomBytes(payload.length))
      await flip()
      await until('the chain knows', async () => (await membersIn('faulty')).join() === String(second()))
      expect(alerts.list()).toMatchObject([
        { code: 'SECTOR_DAMAGED', subject: `sector ${second()}`, message: expect.stringContaining(deal.path) },
      ])
      await writeFile(deal.path, payload)
      await allSound()
      expect(alerts.list()).toEqual([])
    },
    UNTIL_MS * 3,
  )
})

test(
  'one that is damaged once the challenge is drawn is skipped in the answer, and comes back',
  async () => {
    const { path } = deals[second() - 1]!
    const payload = await readFile(path)
    let skipped: readonly number[] = []
    // It may be found before the challenge asks for it: then it is declared, and another challenge is waited for.
    for (let tries = 0; skipped.length === 0 && tries < 8; tries += 1) {
      await allSound()
      logged.length = 0
      // With its pieces there it would be mended within the window.
      await writeFile(path, randomBytes(payload.length))
      await nextChallenge()
      truncateSync(at('replica'), 0)
      await until('the sector is declared or skipped', () =>
        logged.some((event) => event.type === 'fault:declared' || skippedIn(event).length > 0),
      )
      skipped = logged.flatMap(skippedIn)
      await writeFile(path, payload)
    }
    expect(skipped).toEqual([second()])
    await allSound()
  },
  UNTIL_MS * 8,
)

test(
  'one whose pieces are damaged too is declared or skipped, and asked for no more until they are back',
  async () => {
    const deal = deals[second() - 1]!
    const payload = await readFile(deal.path)
    await writeFile(deal.path, randomBytes(payload.length))
    await turned(at('replica'))
    await until('the chain knows', async () => (await membersIn('faulty')).join() === String(second()))
    const since = said('post:accepted').length
    await until('the others are proven', () => said('post:accepted').length >= since + 4)
    expect(said('recovery:requested')).toEqual([])
    expect(await membersIn('sound')).toEqual(numbers.filter((number) => number !== second()))
    expect(alerts.list()).toMatchObject([
      { code: 'SECTOR_DAMAGED', subject: `sector ${second()}`, message: expect.stringContaining(deal.path) },
    ])
    await writeFile(deal.path, payload)
    await allSound()
    expect(alerts.list()).toEqual([])
  },
  UNTIL_MS * 3,
)
