import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Hash } from '@granary/protocol/messages'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createMarket, type Market } from '../../../test/market.ts'
import { createMemoryState } from '../../../test/memory-state.ts'
import type { TestChain } from '../../../test/test-chain.ts'
import type { TestPiece } from '../../../test/test-sealer.ts'
import { wholePartitions } from '../../../test/whole-partitions.ts'
import { createStateMachine, dealView, providerView, readHead, recount, sectorView } from '../index.ts'

const DURATION = 60
const PRICE = 1_000_000_007n
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-state-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function twoDeals(name: string): Promise<Market & { pieces: readonly [TestPiece, TestPiece]; deals: number[] }> {
  const market = createMarket(join(folder, name))
  const pieces = [await market.sealer.piece(1, 1_000), await market.sealer.piece(2, 600)] as const
  const deals = pieces.map((piece) => market.publish(piece))
  return { ...market, pieces, deals }
}

/** What a node that was given the same blocks has. */
function replay(chain: TestChain): Hash {
  const state = createMemoryState()
  const machine = createStateMachine({ reader: state })
  state.commit(machine.initChain(chain.genesis).writes)
  for (const block of chain.blocks) {
    expect(machine.processBlock(block)).toEqual({ accept: true })
    state.commit(machine.finalizeBlock(block).writes)
  }
  return readHead(state).appHash
}

test('a deal is paid for every epoch once its sector is proven, and all money is free in the end', async () => {
  const { chain, client, owner, provider, sealer, pieces, deals, activate } = await twoDeals('whole')
  const balances = { client: chain.balance(client.address), owner: chain.balance(owner.address) }
  expect(dealView(chain.state, deals[0]!)).toMatchObject({ state: 'published', locked: String(PRICE * 60n) })

  await activate(0, pieces, deals)
  expect(sectorView(chain.state, provider, 0)).toMatchObject({ state: 'active', partition: 0 })
  const active = dealView(chain.state, deals[0]!)!
  expect(active).toMatchObject({
    state: 'active',
    sector: { provider, number: 0 },
    endsAt: active.activatedAt! + DURATION,
  })

  let answers = 0
  while (sectorView(chain.state, provider, 0)?.state === 'active') {
    const { events, results } = await sealer.answer()
    answers += results.filter((result) => result.kind === 'SubmitPost').length
    expect(events.filter((event) => event.type === 'post:missed')).toEqual([])
    if (chain.height % 7 === 0) chain.does(client, 'SettleDeals', { deals })
    expect(chain.height).toBeLessThan(300)
  }
  expect(answers).toBeGreaterThan(8)
  chain.does(client, 'SettleDeals', { deals })

  const [deal] = [dealView(chain.state, deals[0]!)!]
  expect(deal).toMatchObject({ state: 'expired', locked: '0', refunded: '0', provenEpochs: 60, faultedEpochs: 0 })
  expect(BigInt(deal.paid) + BigInt(deal.burnt)).toBe(PRICE * 60n)
  // 5 %, each payment's share rounded up against the provider.
  expect(BigInt(deal.burnt) * 20n).toBeGreaterThanOrEqual(PRICE * 60n)
  expect(providerView(chain.state, provider)!.collateral.locked).toBe('0')
  // Its last sector has left: the partition has retired.
  expect(wholePartitions(chain.state, provider, undefined, 10)).toEqual([])
  expect(sectorView(chain.state, provider, 0)!.state).toBe('expired')

  const fees = recount(chain.state)
  expect(fees.escrow).toBe(0n)
  expect(chain.balance(client.address)).toBeLessThan(balances.client)
  expect(chain.events.map((event) => event.type)).toEqual(
    expect.arrayContaining([
      'deal:published',
      'sector:precommitted',
      'sector:proven',
      'deal:active',
      'challenge:opened',
      'post:accepted',
      'deal:paid',
      'deal:expired',
      'sector:expired',
    ]),
  )
  expect(replay(chain)).toBe(readHead(chain.state).appHash)
})

test('a settlement pays once, whoever asks and how often', async () => {
  const { chain, client, owner, sealer, pieces, deals, activate } = await twoDeals('once')
  await activate(0, pieces, deals)
  while (dealView(chain.state, deals[0]!)!.earned === '0') await sealer.answer()
  const earned = dealView(chain.state, deals[0]!)!.earned
  const settled = chain.does(client, 'SettleDeals', { deals: [deals[0]!, deals[0]!] }).events
  expect(settled.map(({ type }) => type)).toEqual(['deal:paid', 'reward:credited'])
  expect(dealView(chain.state, deals[0]!)).toMatchObject({ paid: earned, earned: '0' })
  const balance = chain.balance(owner.address)
  const { fee, events } = chain.does(owner, 'SettleDeals', { deals: [deals[0]!] })
  expect(events).toEqual([])
  expect(chain.balance(owner.address)).toBe(balance - fee)
})

test('a missed challenge goes back to the client, as does the time until the draw of the recovery', async () => {
  const { chain, client, provider, sealer, pieces, deals, activate } = await twoDeals('missed')
  await activate(0, pieces, deals)
  const partition = () => wholePartitions(chain.state, provider, undefined, 10)[0]!
  while (partition().lastProven === null) await sealer.answer()
  const sound = partition().lastProven!
  while (!partition().faulty) chain.produce()
  const missed = chain.events.findLast((event) => event.type === 'post:missed')!
  expect(sectorView(chain.state, provider, 0)!.state).toBe('faulty')
  expect(missed.epoch).toBeGreaterThan(sound)
  // All that passes is faulted: a recovery would be drawn later than every epoch whose draws are over.
  expect(dealView(chain.state, deals[0]!)).toMatchObject({ faultedEpochs: chain.height - sound })

  while (partition().faulty) await sealer.answer()
  const back = Number(chain.events.findLast((event) => event.type === 'recovery:opened')!.epoch)
  expect(dealView(chain.state, deals[0]!)).toMatchObject({ faultedEpochs: back - sound })
  const before = chain.balance(client.address)
  const { fee } = chain.does(client, 'SettleDeals', { deals: [deals[0]!] })
  expect(chain.balance(client.address)).toBe(before - fee + PRICE * BigInt(back - sound))

  while (sectorView(chain.state, provider, 0)!.state !== 'expired') await sealer.answer()
  chain.does(client, 'SettleDeals', { deals })
  expect(dealView(chain.state, deals[0]!)).toMatchObject({
    state: 'expired',
    locked: '0',
    refunded: String(PRICE * BigInt(back - sound)),
    faultedEpochs: back - sound,
    provenEpochs: DURATION - (back - sound),
  })
  expect(replay(chain)).toBe(readHead(chain.state).appHash)
})

test('a provider that never answers is paid nothing', async () => {
  const { chain, client, provider, pieces, deals, activate } = await twoDeals('never')
  await activate(0, pieces, deals)
  while (sectorView(chain.state, provider, 0)!.state !== 'terminated') chain.produce()
  chain.does(client, 'SettleDeals', { deals })
  for (const id of deals) {
    const view = dealView(chain.state, id)!
    expect(view).toMatchObject({ state: 'terminated', paid: '0', burnt: '0', locked: '0' })
    expect(view.refunded).toBe(String(PRICE * 60n))
  }
})

test('a sector that joins a partition is paid from its own activation, whatever was missed before', async () => {
  const market = createMarket(join(folder, 'joins'))
  const { chain, client, provider, sealer } = market
  const [first, second] = [await sealer.piece(1, 1_000), await sealer.piece(2, 1_000)]
  const early = market.publish(first)
  await market.activate(0, [first], [early])
  while (wholePartitions(chain.state, provider, undefined, 10)[0]!.lastProven === null) await sealer.answer()
  const late = market.publish(second)
  // Meanwhile challenges of the first sector are missed or answered late.
  await market.preCommit(1, [second], [late])
  chain.advanceTo(sectorView(chain.state, provider, 1)!.seedEpoch!)
  chain.does(market.owner, 'ProveCommitSector', { provider, number: 1, bundle: await sealer.proveSector(1) })
  for (const number of [0, 1]) {
    while (sectorView(chain.state, provider, number)!.state !== 'expired') await sealer.answer()
  }
  chain.does(client, 'SettleDeals', { deals: [early, late] })
  expect(dealView(chain.state, late)).toMatchObject({ provenEpochs: DURATION, faultedEpochs: 0, locked: '0' })
  expect(dealView(chain.state, early)).toMatchObject({ locked: '0' })
})

test('a deal whose sector is not proven in time lapses: all back to the client, the collateral burnt', async () => {
  const { chain, client, provider, pieces, deals, preCommit } = await twoDeals('lapse')
  await preCommit(0, pieces, deals)
  const { commitBy } = sectorView(chain.state, provider, 0)!
  chain.advanceTo(commitBy - 1)
  // Bound by the pre-commit, it has not lapsed although its own time is over.
  expect(dealView(chain.state, deals[0]!)).toMatchObject({ state: 'committed' })
  expect(dealView(chain.state, deals[0]!)!.lapsesAt).toBeLessThan(chain.height)
  chain.advance(1)
  expect(sectorView(chain.state, provider, 0)!.state).toBe('terminated')
  expect(dealView(chain.state, deals[0]!)!.state).toBe('lapsed')
  const before = { client: chain.balance(client.address), burnt: recount(chain.state).burnt }
  const { fee } = chain.does(client, 'SettleDeals', { deals: [deals[0]!] })
  expect(chain.balance(client.address)).toBe(before.client - fee + PRICE * 60n)
  expect(recount(chain.state).burnt).toBe(before.burnt + fee + 1_000_000_000_000n)
  expect(chain.does(client, 'SettleDeals', { deals: [deals[0]!] }).events).toEqual([])
})

test('after a failed pre-commit a deal may go into another sector, with another number', async () => {
  const { chain, provider, owner, sealer, pieces, publish, preCommit, activate } = await twoDeals('again')
  const deal = publish(pieces[0], { activateWithin: 60 })
  await preCommit(0, [pieces[0]], [deal])
  chain.advanceTo(sectorView(chain.state, provider, 0)!.commitBy)
  const late = chain.sign(owner, 'ProveCommitSector', { provider, number: 0, bundle: await sealer.proveSector(0) })
  expect(chain.machine.checkTx(late, 0).code).toBe('COMMIT_EXPIRED')
  await activate(1, [pieces[0]], [deal])
  expect(dealView(chain.state, deal)).toMatchObject({ state: 'active', sector: { number: 1 } })
})
