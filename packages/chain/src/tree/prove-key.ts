/** Makes the proof that a key has its value, or none. */

import type { TreeProof } from '@granary/protocol/header'
import { bitAt, pathOf } from '@granary/protocol/header'
import { hashOfNode, type TreeNode } from './node.ts'
import { levelsOf, nibbleAt, type PageReader, readPage } from './page.ts'

const LEVELS = 4

export function proveKey(pages: PageReader, key: string): TreeProof {
  const path = pathOf(key)
  const siblings: Uint8Array[] = []
  let node: TreeNode
  let prefix = ''
  do {
    const levels = levelsOf(readPage(pages, prefix).nodes)
    node = levels[LEVELS]![0]
    for (let level = LEVELS - 1, at = 0; level >= 0 && node?.kind === 'inner'; level--) {
      at = 2 * at + bitAt(path, siblings.length)
      siblings.push(hashOfNode(levels[level]![at ^ 1]))
      node = levels[level]![at]
    }
    prefix += nibbleAt(path, prefix.length).toString(16)
  } while (node?.kind === 'inner')
  return node === undefined ? { siblings } : { siblings, leaf: { path: node.path, valueHash: node.valueHash } }
}
