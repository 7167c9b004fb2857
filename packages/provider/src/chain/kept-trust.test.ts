import { DatabaseSync } from 'node:sqlite'
import type { Hash } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { createSettings } from '../storage/settings.ts'
import { keptTrust } from './kept-trust.ts'

const hashOf = (height: number): Hash => `0x${String(height).padStart(64, '0')}`
const at = (height: number) => ({ height, hash: hashOf(height) })
const chain = { block: async (height: number) => at(height) as never }

test('a home believes the header that it is shown when it meets its chain, and then the newest that it has verified', async () => {
  const settings = createSettings(new DatabaseSync(':memory:'))
  const first = await keptTrust({ settings, chain, named: undefined, firstHeight: 7 })
  expect(first.trusted).toEqual(at(7))
  first.onTrusted(at(9))
  const met = { settings, chain, firstHeight: undefined }
  expect((await keptTrust({ ...met, named: undefined })).trusted).toEqual(at(9))
  expect((await keptTrust({ ...met, named: `8:${hashOf(8)}` })).trusted).toEqual(at(9))
  expect((await keptTrust({ ...met, named: `12:${hashOf(12)}` })).trusted).toEqual(at(12))
})

test('a chain that shows no header is believed from its genesis on', async () => {
  const settings = createSettings(new DatabaseSync(':memory:'))
  const away = { block: () => Promise.reject(new Error('CONSENSUS_UNREACHABLE')) }
  const { trusted } = await keptTrust({ settings, chain: away, named: undefined, firstHeight: 7 })
  expect(trusted).toBeUndefined()
})
