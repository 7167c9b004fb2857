import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { profileNamed } from '@granary/proofs/profile'
import { sessionSigner } from '@granary/protocol/messages'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createMarket, type Market } from '../../../test/market.ts'
import { fund } from '../../../test/test-chain.ts'
import { wholePartitions } from '../../../test/whole-partitions.ts'
import { readHead, sectorView } from '../index.ts'
import { answerTimeMaxMs } from './response-window.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-challenges-'))
})
afterAll(() => rm(folder, { recursive: true }))

const open = ({ chain, provider }: Market) => wholePartitions(chain.state, provider, undefined, 10)[0]!.challenge

/** Two sectors of zeros, and the chain at the block after an open challenge. */
async function challenged(name: string): Promise<Market> {
  const market = createMarket(join(folder, name))
  await market.activate(0, [], [])
  await market.activate(1, [], [])
  while (open(market) === undefined) market.chain.produce()
  return market
}

describe('an answer', () => {
  test('counts once, for exactly the frozen list, from the owner or its session key', async () => {
    const market = await challenged('once')
    const { chain, owner, provider, sealer } = market
    const { challengeEpoch, skipped, bundle } = await sealer.prove(0)
    const body = { provider, partition: 0, challengeEpoch, skipped, bundle }
    const check = (given: object, signer = owner) =>
      chain.machine.checkTx(chain.sign(signer, 'SubmitPost', { ...body, ...given }), 0).code
    expect(check({ partition: 1 })).toBe('PARTITION_NOT_FOUND')
    expect(check({ provider: 1 })).toBe('PROVIDER_NOT_FOUND')
    expect(check({ challengeEpoch: challengeEpoch - 1 })).toBe('CHALLENGE_NOT_OPEN')
    expect(check({ bundle: bundle.slice(1) })).toBe('BUNDLE_LENGTH_WRONG')
    expect(check({}, fund(chain, 9))).toBe('PROVIDER_NOT_OWNED')
    const broken = bundle.slice()
    broken[bundle.length - 1]! ^= 1
    expect(check({ bundle: broken })).toBe('POST_INVALID')

    const session = sessionSigner(new Uint8Array(32).fill(4), owner.address)
    const { publicKey } = session
    chain.does(owner, 'AuthorizeKey', { publicKey, scopes: ['SubmitPost'], expires: 9_999, spendingLimit: 10n ** 18n })
    const first = chain.sign(session, 'SubmitPost', body, { lane: 5 })
    const second = chain.sign(owner, 'SubmitPost', body, { lane: 6 })
    expect(chain.machine.checkTx(first, 0)).toMatchObject({ code: 'OK', class: 'proving' })
    const { results } = chain.produce([first, second])
    expect(results.filter((result) => result.kind === 'SubmitPost')).toMatchObject([{ code: 'OK' }])
    expect(chain.machine.checkTx(second, 0).code).toBe('CHALLENGE_NOT_OPEN')
  })

  test('an answer of wrong bytes is in no block, costs nothing and leaves the challenge open', async () => {
    const market = await challenged('wrong')
    const { chain, owner, provider, sealer } = market
    const answer = { provider, partition: 0, ...(await sealer.prove(0)) }
    const { challengeEpoch } = answer
    const broken = answer.bundle.slice()
    broken[10]! ^= 1
    const wrong = chain.sign(owner, 'SubmitPost', { ...answer, bundle: broken })
    const { height, timeMs } = readHead(chain.state)
    const block = { height: height + 1, timeMs: timeMs + 500, txs: [wrong] }
    expect(chain.machine.processBlock(block)).toMatchObject({
      accept: false,
      reason: expect.stringContaining('POST_INVALID'),
    })
    const before = chain.balance(owner.address)
    expect(chain.produce([wrong]).results.filter(({ kind }) => kind === 'SubmitPost')).toEqual([])
    expect(chain.balance(owner.address)).toBe(before)
    expect(open(market)?.epoch).toBe(challengeEpoch)
    expect(chain.send(owner, 'SubmitPost', answer).code).toBe('OK')
  })

  test('counts in the last block of the window and not after it', async () => {
    const market = await challenged('late')
    const { chain, owner, provider, sealer } = market
    const { challengeEpoch, skipped, bundle } = await sealer.prove(0)
    const body = { provider, partition: 0, challengeEpoch, skipped, bundle }
    const { deadline } = open(market)!
    chain.advanceTo(deadline - 1)
    const bytes = chain.sign(owner, 'SubmitPost', body)
    expect(chain.machine.checkTx(bytes, 0).code).toBe('OK')
    chain.advanceTo(deadline)
    expect(chain.events.at(-1)).toMatchObject({ type: expect.stringMatching(/post:missed|challenge:opened/) })
    expect(chain.events.some((event) => event.type === 'post:missed' && event.epoch === challengeEpoch)).toBe(true)
    expect(chain.machine.checkTx(bytes, 0).code).toBe('CHALLENGE_NOT_OPEN')
  })
})

test('adding a sector inside a window: it takes its place there, and the list stays as it was', async () => {
  const market = await challenged('inside')
  const { chain, owner, provider, sealer } = market
  const listed = open(market)!.sectors.map((sector) => sector.number)
  // Sealed and pre-committed inside the window, proven while a challenge is open.
  await market.preCommit(2, [], [])
  chain.advanceTo(sectorView(chain.state, provider, 2)!.seedEpoch!)
  while (open(market) === undefined) chain.produce()
  const during = open(market)!
  chain.does(owner, 'ProveCommitSector', { provider, number: 2, bundle: await sealer.proveSector(2) })
  expect(during.sectors.map((sector) => sector.number)).toEqual(listed)
  expect(wholePartitions(chain.state, provider, undefined, 10)).toMatchObject([
    { number: 0, sectors: [{ number: 0 }, { number: 1 }, { number: 2 }] },
  ])
  expect(open(market)).toEqual(during)
  chain.does(owner, 'SubmitPost', { provider, partition: 0, ...(await sealer.prove(0)) })
})

test('a list is that of `cutoff` epochs before the draw: who joins later is not asked', async () => {
  const market = createMarket(join(folder, 'cutoff'), { provingPeriod: 3, cutoff: 6 })
  const { chain, provider } = market
  await market.activate(0, [], [])
  const { activatedAt } = sectorView(chain.state, provider, 0)!
  while (open(market) === undefined) chain.produce()
  expect(open(market)!.epoch).toBeGreaterThanOrEqual(activatedAt! + 6)
})

test('deleting after an answer until the next period: each slot is drawn once a period, and some a second time', async () => {
  const market = createMarket(join(folder, 'twice'))
  const { chain, sealer } = market
  await market.activate(0, [], [])
  const from = chain.height
  while (chain.height < from + 60) await sealer.answer()
  const drawn = chain.events.filter((event) => event.type === 'challenge:opened').map((event) => event.epoch)
  // Six periods of ten epochs: a certain one each, and as many by chance.
  expect(drawn.length).toBeGreaterThanOrEqual(6)
  for (let epoch = from + 12; epoch < from + 50; epoch++) {
    expect(drawn.some((each) => each > epoch - 20 && each <= epoch)).toBe(true)
  }
  // Who has its data only for the first challenge of each period is asked without it.
  const periods = drawn.map((epoch) => Math.floor((epoch - 1) / 10))
  expect(periods.length).toBeGreaterThan(new Set(periods).size)
})

test('secure profiles have a bound in time: 0.2 of the least time that a replica takes', () => {
  expect(answerTimeMaxMs(profileNamed('512MiB'))).toBe(14_948)
  expect(answerTimeMaxMs(profileNamed('8MiB-dev'))).toBeUndefined()
})
