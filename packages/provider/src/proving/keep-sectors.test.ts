import { expect, test } from '@jest/globals'
import type { SectorIn } from '../sectors/sector.ts'
import { checkSector } from './keep-sectors.ts'
import type { ProvingContext } from './proving-context.ts'

test.each([
  ['that the chain has ended meanwhile is no damage', false, []],
  ['that is still proven is damaged', true, [7]],
])('a sector that fails its check and %s', async (_, staysProven, damaged) => {
  const sector = { number: 7, phase: { state: 'proving', commR: new Uint8Array(32) } } as unknown as SectorIn<'proving'>
  let isProven = true
  const told: number[] = []
  const context = {
    ...{ folder: '/nowhere', volumes: { pathOf: () => '/nowhere/7' } },
    profile: { name: 'any' },
    store: { has: () => isProven, get: () => sector },
    health: { isDamaged: () => false, damaged: (number: number) => told.push(number) },
    prover: {
      check: () => {
        if (!staysProven) isProven = false
        return Promise.resolve('its folder is gone')
      },
    },
  } as unknown as ProvingContext
  expect([await checkSector(context, 7, new AbortController().signal), told]).toEqual([false, damaged])
})
