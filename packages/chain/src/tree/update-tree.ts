/** A block's writes put into the tree at once: each page is read, hashed and written once, however many keys go through it. */

import { pathOf, valueHashOf } from '@granary/protocol/header'
import { hashOfNode, type Leaf, type TreeNode } from './node.ts'
import { EMPTY_PAGE, encodePage, nibbleAt, type Page, type PageReader, readPage, topOf, withNodes } from './page.ts'

export interface TreeUpdate {
  readonly root: Uint8Array
  /** Pages that changed, by their prefix; null: it is there no more. */
  readonly pages: ReadonlyMap<string, Uint8Array | null>
}

interface Change {
  readonly path: Uint8Array
  /** undefined: the key is deleted. */
  readonly leaf: Leaf | undefined
}

/** @param writes: null deletes, also a key that is not there */
export function updateTree(pages: PageReader, writes: Iterable<readonly [string, Uint8Array | null]>): TreeUpdate {
  const changes = Array.from(writes, ([key, value]): Change => {
    const path = pathOf(key)
    return { path, leaf: value === null ? undefined : { kind: 'leaf', path, valueHash: valueHashOf(value) } }
  }).sort((a, b) => compareBytes(a.path, b.path))
  const written = new Map<string, Uint8Array | null>()

  /** The node that stands at `prefix` after the changes, all of which are below it. */
  function change(prefix: string, before: TreeNode, changes: readonly Change[]): TreeNode {
    if (before?.kind === 'inner') return changePage(prefix, readPage(pages, prefix), changes)
    const leaves = changes.flatMap(({ leaf }) => leaf ?? [])
    // A leaf that the changes do not name stays, in its place among them.
    if (before !== undefined && !changes.some(({ path }) => compareBytes(path, before.path) === 0)) leaves.push(before)
    if (leaves.length < 2) return leaves[0]
    leaves.sort((a, b) => compareBytes(a.path, b.path))
    return changePage(
      prefix,
      EMPTY_PAGE,
      leaves.map((leaf) => ({ path: leaf.path, leaf })),
    )
  }

  function changePage(prefix: string, before: Page, changes: readonly Change[]): TreeNode {
    const changed = new Map<number, TreeNode>()
    for (let from = 0, to = 0; from < changes.length; from = to) {
      const nibble = nibbleAt(changes[from]!.path, prefix.length)
      while (to < changes.length && nibbleAt(changes[to]!.path, prefix.length) === nibble) to++
      const old = before.nodes[nibble]
      const node = change(prefix + nibble.toString(16), old, changes.slice(from, to))
      if (!isSame(node, old)) changed.set(nibble, node)
    }
    if (changed.size === 0) return topOf(before.quarters)
    const after = withNodes(before, changed)
    const top = topOf(after.quarters)
    // The root's page is there for a single leaf too: there is nothing above it that could hold the leaf.
    const stays = prefix === '' ? top !== undefined : top?.kind === 'inner'
    written.set(prefix, stays ? encodePage(after) : null)
    return top
  }

  const top = changePage('', readPage(pages, ''), changes)
  return { root: hashOfNode(top), pages: written }
}

export function rootOf(pages: PageReader): Uint8Array {
  return hashOfNode(topOf(readPage(pages, '').quarters))
}

export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let index = 0; index < a.length; index++) {
    const difference = a[index]! - (b[index] ?? -1)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

function isSame(a: TreeNode, b: TreeNode): boolean {
  if (a === b) return true
  if (a === undefined || b === undefined) return false
  if (a.kind === 'inner') return b.kind === 'inner' && compareBytes(a.hash, b.hash) === 0
  return b.kind === 'leaf' && compareBytes(a.path, b.path) === 0 && compareBytes(a.valueHash, b.valueHash) === 0
}
