/**
 * How the tree lies in the state: a page holds four levels, the 16 nodes below one prefix of nibbles. So an update reads
 * and writes a quarter of the nodes that it hashes, and what a page says depends, like the tree, on the set of keys alone.
 */
import { HASH_BYTES } from './hashes.ts'
import { parentOf, type TreeNode } from './node.ts'

/** 16 nodes, by the nibble that follows the page's prefix. */
export type Page = readonly TreeNode[]

export const PAGE_NODES = 16

/** Pages by their prefix, as lower-case hex digits; the root's is the empty one. */
export interface PageReader {
  get(prefix: string): Uint8Array | undefined
}

export const NO_NODES: Page = Array.from({ length: PAGE_NODES }, () => undefined)

/** `u16BE leaves ‖ u16BE inner ‖ nodes`, a bit a nibble; a leaf is path ‖ value hash, an inner node its hash. */
export function encodePage(page: Page): Uint8Array {
  const size = page.reduce((sum, node) => sum + (node === undefined ? 0 : node.kind === 'leaf' ? 2 : 1), 0)
  const bytes = new Uint8Array(4 + size * HASH_BYTES)
  const maps = new DataView(bytes.buffer)
  let offset = 4
  for (const [nibble, node] of page.entries()) {
    if (node === undefined) continue
    const map = node.kind === 'leaf' ? 0 : 2
    maps.setUint16(map, maps.getUint16(map) | (1 << nibble))
    for (const hash of node.kind === 'leaf' ? [node.path, node.valueHash] : [node.hash]) {
      bytes.set(hash, offset)
      offset += HASH_BYTES
    }
  }
  return bytes
}

export function decodePage(bytes: Uint8Array): Page {
  const maps = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const leaves = maps.getUint16(0)
  const inners = maps.getUint16(2)
  let offset = 4
  const next = () => {
    offset += HASH_BYTES
    return bytes.subarray(offset - HASH_BYTES, offset)
  }
  return NO_NODES.map((_, nibble) => {
    if ((leaves >> nibble) & 1) return { kind: 'leaf', path: next(), valueHash: next() }
    if ((inners >> nibble) & 1) return { kind: 'inner', hash: next() }
    return undefined
  })
}

export function readPage(pages: PageReader, prefix: string): Page {
  const bytes = pages.get(prefix)
  return bytes === undefined ? NO_NODES : decodePage(bytes)
}

/** The levels of a page from its 16 nodes up to the one that stands for all of it. */
export function levelsOf(page: Page): TreeNode[][] {
  const levels: TreeNode[][] = [[...page]]
  for (let below = levels[0]!; below.length > 1; below = levels.at(-1)!) {
    levels.push(Array.from({ length: below.length / 2 }, (_, at) => parentOf(below[2 * at], below[2 * at + 1])))
  }
  return levels
}

export function topOf(page: Page): TreeNode {
  return levelsOf(page).at(-1)![0]
}

export function nibbleAt(path: Uint8Array, depth: number): number {
  const byte = path[depth >> 1]!
  return depth % 2 === 0 ? byte >> 4 : byte & 0x0f
}
