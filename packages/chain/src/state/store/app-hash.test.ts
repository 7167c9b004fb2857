import { appHashOf, isDerived, isInTree } from '@granary/protocol/header'
import { hashOf } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { sha256 } from '@noble/hashes/sha2.js'
import { createTestChain, fund, GRN } from '../../../test/test-chain.ts'
import { updateTree } from '../../tree/update-tree.ts'
import { appHashOfState, encodeOutside, isStateInTree, proveState, treeRootOf } from '../index.ts'
import { readHead } from './head.ts'

test('the app hash is that of the whole state, whatever blocks led to it', () => {
  const chain = createTestChain()
  const bob = fund(chain, 2)
  for (let amount = 1n; amount < 20n; amount++) chain.does(bob, 'Transfer', { to: chain.faucet.address, amount })
  const state = [...chain.state.range('')]
  const fresh = updateTree(
    { get: () => undefined },
    state.filter(([key]) => isInTree(key)),
  )
  expect(treeRootOf(chain.state)).toEqual(fresh.root)
  expect(readHead(chain.state).appHash).toBe(hashOf(appHashOf(fresh.root, sha256(encodeOutside(chain.state)))))
  const pages = state.filter(([key]) => key.startsWith('tree/')).map(([key, page]) => [key.slice(5), page] as const)
  expect(new Map(pages)).toEqual(fresh.pages)
})

test('every record is in the tree or beside it, and a change of any of them is seen', () => {
  const chain = createTestChain()
  fund(chain, 2, 5n * GRN)
  const before = appHashOfState(chain.state)
  for (const [key, value] of [...chain.state.range('')]) {
    if (isDerived(key)) continue
    const other = value.length === 0 ? Uint8Array.of(1) : value.with(value.length - 1, value.at(-1)! ^ 1)
    chain.state.commit(new Map([[key, other]]))
    if (isInTree(key)) expect(isStateInTree(chain.state, key)).toBe(false)
    else expect(appHashOfState(chain.state)).not.toBe(before)
    chain.state.commit(new Map([[key, value]]))
  }
  expect(appHashOfState(chain.state)).toBe(before)
})

test('what is outside of the tree is few and does not grow', () => {
  const chain = createTestChain()
  chain.advance(3)
  expect(encodeOutside(chain.state).length).toBeLessThan(300)
  const outside = [...chain.state.range('')].filter(([key]) => !isInTree(key) && !isDerived(key))
  expect(outside.map(([key]) => key)).toEqual(['draws', 'head', 'rewards', 'totals'])
  expect(proveState(chain.state, 'nothing').siblings.length).toBeGreaterThan(0)
})
