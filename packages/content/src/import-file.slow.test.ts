import { expect, test } from '@jest/globals'
import { MemoryBlockstore } from 'blockstore-core'
import { importFile } from './import-file.ts'
import { linksOf } from './links-of.ts'
import { readBlock } from './store.ts'

test('the 1,025th chunk makes a third level', async () => {
  const store = new MemoryBlockstore()
  const zeros = new Uint8Array(1024 * 1024)
  const root = await importFile(
    (async function* () {
      for (let chunk = 0; chunk < 1025; chunk++) yield zeros
    })(),
    store,
  )
  const children = await linksOf(root, await readBlock(store, root))
  expect(children).toHaveLength(2)
  const counts = await Promise.all(
    children.map(async (child) => (await linksOf(child, await readBlock(store, child))).length),
  )
  expect(counts).toEqual([1024, 1])
})
