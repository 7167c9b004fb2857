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
    prover: { check: async () => null },
    lanes: {
      send: async (_lane: number, _kind: string, _body: object, options: LaneOptions) => void sent.push(options),
    },
  } as unknown as ProvingContext
  const view = { number: 3, sectors: 1, sound: 0 } as PartitionView
  await requestRecoveries(context, [view], 100, new AbortController().signal)
  expect(sent).toMatchObject([{ undoneAt: 100 }])
})
