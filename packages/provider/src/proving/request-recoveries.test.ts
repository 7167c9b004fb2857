import type { PartitionView } from '@granary/protocol/client'
import { expect, test } from '@jest/globals'
import type { LaneOptions } from '../sectors/lanes.ts'
import type { ProvingContext } from './proving-context.ts'
import { requestRecoveries } from './request-recoveries.ts'

test('a request that an earlier run had in a block before the partition was looked at is no answer to this one', async () => {
  const sent: LaneOptions[] = []
  const context = {
    ...{
      providerId: 1_000,
      profile: { name: '2KiB-test' },
      folder: '/nowhere',
      volumes: { pathOf: () => '/nowhere/7' },
      log: () => {},
    },
    // It has come further while the partitions were on their way.
    head: { height: () => 105 },
    chain: {
      members: async function* () {
        yield { number: 7 }
      },
    },
    store: { has: () => true, get: () => ({ number: 7, phase: { state: 'proving', expiry: 1_000, commR: '0x00' } }) },
    health: { isDamaged: () => false },
    maintenance: () => [],
    prover: { check: async () => null },
    lanes: {
      send: async (_lane: number, _kind: string, _body: object, options: LaneOptions) => void sent.push(options),
    },
  } as unknown as ProvingContext
  const view = { number: 3, sectors: 1, sound: 0 } as PartitionView
  await requestRecoveries(context, [view], 100, new AbortController().signal)
  expect(sent).toMatchObject([{ undoneAt: 100 }])
})

test('of two partitions the request of one is refused, and the other is asked back all the same, with all that proves and that nobody has taken out', async () => {
  const sent: object[] = []
  const context = {
    ...{ providerId: 1_000, profile: { name: '2KiB-test' }, folder: '/nowhere', log: () => {} },
    volumes: { pathOf: () => '/nowhere' },
    head: { height: () => 100 },
    chain: {
      members: async function* ({ partition }: { partition: number }) {
        for (const number of [0, 1, 2]) yield { number: partition * 10 + number }
      },
    },
    store: {
      has: () => true,
      get: (number: number) => ({ number, phase: { state: 'proving', expiry: 1_000, commR: '0x00' } }),
    },
    health: { isDamaged: () => false, damaged: () => {} },
    maintenance: () => [52],
    prover: { check: async ({ sector }: { sector: { number: number } }) => (sector.number === 51 ? 'cut' : null) },
    lanes: {
      send: async (_lane: number, _kind: string, body: { partition: number }) => {
        if (body.partition === 3) throw new Error('no money for its fee')
        sent.push(body)
      },
    },
  } as unknown as ProvingContext
  const views = [3, 5].map((number) => ({ number, sectors: 3, sound: 0 }) as PartitionView)
  const asked = requestRecoveries(context, views, 100, new AbortController().signal)
  await expect(asked).rejects.toThrow('no money for its fee')
  expect(sent).toEqual([{ provider: 1_000, partition: 5, sectors: [50] }])
})
