/**
 * How the tree lies in the state: a page holds four levels, the 16 nodes below one prefix of nibbles. So an update reads
 * and writes a quarter of the nodes that it hashes, and what a page says depends, like the tree, on the set of keys alone.
 */
import { HASH_BYTES } from '@granary/protocol/header'
import { parentOf, type TreeNode } from './node.ts'

export interface Page {
  /** 16, by the nibble that follows the page's prefix. */
  readonly nodes: readonly TreeNode[]
  /** Each stands for four of the nodes. They are kept, so that a change of one node hashes what is above it alone. */
  readonly quarters: readonly TreeNode[]
}

const PAGE_NODES = 16
const QUARTER_NODES = 4

/** Pages by their prefix, as lower-case hex digits; the root's is the empty one. */
export interface PageReader {
  get(prefix: string): Uint8Array | undefined
}

const NO_NODES: readonly TreeNode[] = Array.from({ length: PAGE_NODES }, () => undefined)
export const EMPTY_PAGE: Page = { nodes: NO_NODES, quarters: NO_NODES.slice(0, PAGE_NODES / QUARTER_NODES) }

/**
 * `u16BE leaves ‖ u16BE inner ‖ nodes ‖ quarters`, a bit a nibble; a leaf is path ‖ value hash, an inner node its hash;
 * only quarters that are inner nodes stand there.
 */
export function encodePage({ nodes, quarters }: Page): Uint8Array {
  const hashes: Uint8Array[] = []
  let leaves = 0
  let inners = 0
  for (const [nibble, node] of nodes.entries()) {
    if (node?.kind === 'leaf') leaves |= 1 << nibble
    if (node?.kind === 'inner') inners |= 1 << nibble
    if (node !== undefined) hashes.push(...(node.kind === 'leaf' ? [node.path, node.valueHash] : [node.hash]))
  }
  for (const quarter of quarters) if (quarter?.kind === 'inner') hashes.push(quarter.hash)
  const bytes = new Uint8Array(4 + hashes.length * HASH_BYTES)
  bytes.set([leaves >> 8, leaves & 0xff, inners >> 8, inners & 0xff])
  for (const [index, hash] of hashes.entries()) bytes.set(hash, 4 + index * HASH_BYTES)
  return bytes
}

function decodePage(bytes: Uint8Array): Page {
  const leaves = (bytes[0]! << 8) | bytes[1]!
  const inners = (bytes[2]! << 8) | bytes[3]!
  let offset = 4
  const next = () => {
    offset += HASH_BYTES
    return bytes.subarray(offset - HASH_BYTES, offset)
  }
  const nodes = NO_NODES.map((_, nibble): TreeNode => {
    if ((leaves >> nibble) & 1) return { kind: 'leaf', path: next(), valueHash: next() }
    if ((inners >> nibble) & 1) return { kind: 'inner', hash: next() }
    return undefined
  })
  const quarters = EMPTY_PAGE.quarters.map((_, at): TreeNode => {
    const below = nodes.slice(QUARTER_NODES * at, QUARTER_NODES * (at + 1)).filter((node) => node !== undefined)
    return below.length > 1 || below[0]?.kind === 'inner' ? { kind: 'inner', hash: next() } : below[0]
  })
  return { nodes, quarters }
}

export function readPage(pages: PageReader, prefix: string): Page {
  const bytes = pages.get(prefix)
  return bytes === undefined ? EMPTY_PAGE : decodePage(bytes)
}

/** The page with other nodes, by their nibble. */
export function withNodes(page: Page, changed: ReadonlyMap<number, TreeNode>): Page {
  const nodes = [...page.nodes]
  const quarters = [...page.quarters]
  for (const [nibble, node] of changed) nodes[nibble] = node
  for (const at of new Set(Array.from(changed.keys(), (nibble) => Math.floor(nibble / QUARTER_NODES)))) {
    quarters[at] = topOf(nodes.slice(QUARTER_NODES * at, QUARTER_NODES * (at + 1)))
  }
  return { nodes, quarters }
}

/** The levels above some nodes, from these up to the one that stands for all of them. */
export function levelsOf(nodes: readonly TreeNode[]): (readonly TreeNode[])[] {
  const levels = [nodes]
  for (let below = nodes; below.length > 1; below = levels.at(-1)!) {
    levels.push(Array.from({ length: below.length / 2 }, (_, at) => parentOf(below[2 * at], below[2 * at + 1])))
  }
  return levels
}

export function topOf(nodes: readonly TreeNode[]): TreeNode {
  return levelsOf(nodes).at(-1)![0]
}

export function nibbleAt(path: Uint8Array, depth: number): number {
  const byte = path[depth >> 1]!
  return depth % 2 === 0 ? byte >> 4 : byte & 0x0f
}
