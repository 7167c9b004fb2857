import { createOverlay, dealKeys, homeFiles, openStore, writeAppHash } from '@granary/chain/internal'
import { appHashOfState, readHead, recount } from '@granary/chain/state'
import { isDerived } from '@granary/protocol/header'
import { expect, test } from '@jest/globals'
import { createMemoryState } from '../../../chain/test/memory-state.ts'
import { seedState } from './seed-state.ts'
import { withTemporaryHome } from './temporary-home.ts'

test('a state made as a whole has the money, the deals and the app hash of one made block by block', async () => {
  await withTemporaryHome(async (home) => {
    const store = openStore({ path: homeFiles(home.home).database, dealKeys })
    try {
      seedState(store, home, { accounts: 400, sectors: 30 })
      const { reader } = store
      const totals = recount(reader)
      expect(totals.collateralLocked).toBeGreaterThan(0n)
      expect([...reader.range('account/')].length).toBe(401)
      expect([...reader.range('sector/')].length).toBe(30)
      expect(store.findDeals({}, 0, 100)).toHaveLength(30)

      const state = createMemoryState()
      const records = [...reader.range('')].filter(([key]) => !isDerived(key))
      for (let from = 0; from < records.length; from += 1_000) {
        const overlay = createOverlay(state)
        for (const [key, value] of records.slice(from, from + 1_000)) overlay.put(key, value)
        writeAppHash(overlay)
        state.commit(overlay.writes())
      }
      expect(appHashOfState(state)).toBe(appHashOfState(reader))
      expect(readHead(reader).appHash).toBe(appHashOfState(reader))
      expect([...state.range('')]).toEqual([...reader.range('')])
    } finally {
      store.close()
    }
  })
})
