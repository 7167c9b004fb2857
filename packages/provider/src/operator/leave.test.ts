/** What leaving reads, of a chain with many deals that are over: a look takes what may have changed. */
import type { ChainClient } from '@granary/protocol/client'
import type { Signer } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { leave } from './leave.ts'

interface Deal {
  readonly id: number
  readonly state: string
  readonly earned: string
  readonly locked: string
  readonly endsAt: number
  readonly lapsesAt: number
  readonly activatedAt: number
  readonly provenEpochs: number
  readonly faultedEpochs: number
  readonly settledThrough: number
}

const over = (id: number): Deal => ({
  ...{ id, state: 'expired', earned: '0', locked: '0', endsAt: 10, lapsesAt: 5 },
  ...{ activatedAt: 1, provenEpochs: 9, faultedEpochs: 0, settledThrough: 10 },
})
const runs = (id: number): Deal => ({ ...over(id), state: 'active', locked: '7', endsAt: 1_000 })
const sectorOf = (number: number, deals: readonly number[]) => ({ number, state: 'active', expiry: 5_000, deals })

/** What is asked of it is counted. */
function chainWith(deals: Deal[], sectors: ReturnType<typeof sectorOf>[]) {
  const asked = { lists: 0, ids: [] as number[][], sectors: [] as number[] }
  const chain = {
    status: async () => ({ height: 100, blockTimeMs: 1 }),
    params: async () => ({ provingPeriod: 20 }),
    provider: async () => ({ collateral: { free: '0', locked: '9', debt: '0' }, vesting: { releasable: '0' } }),
    deals: async function* () {
      asked.lists += 1
      yield* deals
    },
    dealsById: async (ids: number[]) => {
      asked.ids.push(ids)
      return deals.filter(({ id }) => ids.includes(id))
    },
    partitions: async () => [{ number: 0 }],
    members: async function* () {
      yield* sectors.map(({ number }) => ({ number }))
    },
    sector: async (_: number, number: number) => {
      asked.sectors.push(number)
      return sectors.find((each) => each.number === number)
    },
  }
  return { chain: chain as unknown as ChainClient, asked }
}

const signer = { address: '0x00' } as unknown as Signer
const enough = new Error('enough')
const confirm = () => Promise.reject(new Error('nothing is to be ended'))

test('of a thousand deals that are over and the sectors of those that run nothing is read again', async () => {
  const deals = [...Array.from({ length: 1_000 }, (_, id) => over(id)), runs(2_000), runs(2_001)]
  const { chain, asked } = chainWith(deals, [sectorOf(1, [3, 2_000]), sectorOf(2, [2_001])])
  let looks = 0
  const onProgress = (): void => {
    looks += 1
    if (looks === 10) throw enough
  }
  await expect(leave({ chain, signer, provider: 1_000 }, { confirm, onProgress })).rejects.toBe(enough)
  expect(asked).toEqual({ lists: 1, ids: Array(9).fill([2_000, 2_001]), sectors: [1, 2] })
})

test('a sector is not ended for a deal that was published since the first look', async () => {
  const deals = [runs(2_000), runs(2_001)]
  const sectors = [sectorOf(1, [2_000])]
  const { chain, asked } = chainWith(deals, sectors)
  const waited: number[][] = []
  const onProgress = (progress: { readonly type: string; readonly plan?: unknown }): void => {
    if (progress.type !== 'waiting') return
    const { running } = progress.plan as { running: { deal: number }[] }
    waited.push(running.map(({ deal }) => deal))
    if (waited.length === 3) throw enough
    // One ends, and in its sector another has begun.
    deals.splice(0, deals.length, over(2_000), runs(2_001), runs(2_002))
    sectors.splice(0, 1, sectorOf(1, [2_000, 2_002]))
  }
  await expect(leave({ chain, signer, provider: 1_000 }, { confirm, onProgress })).rejects.toBe(enough)
  expect(waited).toEqual([
    [2_000, 2_001],
    [2_001, 2_002],
    [2_001, 2_002],
  ])
  expect(asked.lists).toBe(2)
})
