/**
 * A binary tree of which the file holds the levels from height 7 up, one after the other; what is below is recomputed
 * from 128 leaves (docs/spec/proofs.md section 7). A tree of 2⁷ leaves or fewer is all recomputed but for its root.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { equalBytes } from '@granary/base'
import type { HashPairs } from '../spec/hash-pairs.ts'
import type { TreePosition } from '../spec/multiproof.ts'
import { NODE_BYTES } from '../spec/profile.ts'
import { readExactly } from './read-exactly.ts'

const KEPT_LEVEL = 7
/** Leaves under one node of the lowest kept level. */
const GROUP_LEAVES = 2 ** KEPT_LEVEL
const CHUNK_BYTES = 1 << 20

export interface TreeWriter {
  /** Takes the leaves in order, in runs that are a multiple of 128 of them (or all at once, if fewer). */
  write(leaves: Uint8Array): Promise<void>
  /** Writes the upper levels, syncs, and gives the root. */
  finish(): Promise<Uint8Array>
  /** Closes the file whatever happened. */
  close(): Promise<void>
}

export async function createTreeWriter(path: string, leafCount: number, hash: HashPairs): Promise<TreeWriter> {
  const file = await open(path, 'w+')
  const group = Math.min(GROUP_LEAVES, leafCount)
  return {
    async write(leaves) {
      await file.writeFile(reduceGroups(leaves, group, hash))
    },
    async finish() {
      const root = await writeUpperLevels(file, leafCount / group, hash)
      await file.sync()
      return root
    },
    close: () => file.close(),
  }
}

/** A stored tree that is compared with its leaves, part by part. */
export interface StoredTree {
  /** So many leaves are under a node of the lowest level that is kept. */
  readonly groupLeaves: number
  readonly groups: number
  root(): Promise<Uint8Array>
  /** Whether these are the leaves of it, from that group on. */
  holds(group: number, leaves: Uint8Array): Promise<boolean>
  /** Whether what is kept above the groups is the hash of what is below it: of all of it, where it is asked for all groups. */
  isOneOver(group: number, count: number): Promise<boolean>
}

export function openTree(file: FileHandle, leafCount: number, hash: HashPairs): StoredTree {
  const groupLeaves = Math.min(GROUP_LEAVES, leafCount)
  const groups = leafCount / groupLeaves
  const read = (first: number, count: number) => readExactly(file, first * NODE_BYTES, count * NODE_BYTES)
  return {
    groupLeaves,
    groups,
    root: () => read(2 * groups - 2, 1),
    holds: async (group, leaves) =>
      equalBytes(reduceGroups(leaves, groupLeaves, hash), await read(group, leaves.length / NODE_BYTES / groupLeaves)),
    // Levels follow each other and each is half of the one before: the i-th pair of all that is kept is under the i-th node after the
    // lowest level.
    isOneOver: async (group, count) => {
      const pairs = Math.min(count, groups - 1 - group)
      if (pairs <= 0) return true
      const above = new Uint8Array(pairs * NODE_BYTES)
      hash(await read(2 * group, 2 * pairs), above)
      return equalBytes(above, await read(groups + group, pairs))
    },
  }
}

/** Reads nodes of a stored tree at any positions. */
export async function readTreeNodes(i: {
  file: FileHandle
  leafCount: number
  positions: readonly TreePosition[]
  /** Leaves first … first + count − 1, as the tree was made of. */
  readLeaves: (first: number, count: number) => Promise<Uint8Array>
  hash: HashPairs
}): Promise<Uint8Array> {
  const group = Math.min(GROUP_LEAVES, i.leafCount)
  const groupLevel = Math.log2(group)
  const groups = new Map<number, Uint8Array[]>()
  const nodes = new Uint8Array(i.positions.length * NODE_BYTES)
  for (const [k, { level, index }] of i.positions.entries()) {
    const number = Math.floor((index * 2 ** level) / group)
    if (level < groupLevel && !groups.has(number))
      groups.set(number, levelsOf(await i.readLeaves(number * group, group), i.hash))
    const node =
      level < groupLevel
        ? nodeAt(groups.get(number)![level]!, index % (group / 2 ** level))
        : await readExactly(i.file, offsetOf(level - groupLevel, index, i.leafCount / group), NODE_BYTES)
    nodes.set(node, k * NODE_BYTES)
  }
  return nodes
}

/** One node for each group of leaves. */
function reduceGroups(leaves: Uint8Array, group: number, hash: HashPairs): Uint8Array {
  let level = leaves
  for (let width = group; width > 1; width /= 2) {
    const next = new Uint8Array(level.length / 2)
    hash(level, next)
    level = next
  }
  return level
}

async function writeUpperLevels(file: FileHandle, lowest: number, hash: HashPairs): Promise<Uint8Array> {
  for (let level = 0, width = lowest; width > 1; level += 1, width /= 2) {
    const start = offsetOf(level, 0, lowest)
    for (let at = 0; at < width * NODE_BYTES; at += CHUNK_BYTES) {
      const nodes = await readExactly(file, start + at, Math.min(CHUNK_BYTES, width * NODE_BYTES - at))
      const next = new Uint8Array(nodes.length / 2)
      hash(nodes, next)
      // Levels follow each other, so each goes to the end of the file.
      await file.writeFile(next)
    }
  }
  return await readExactly(file, offsetOf(Math.log2(lowest), 0, lowest), NODE_BYTES)
}

/** Levels of lowest, lowest/2, … nodes lie one after the other. */
function offsetOf(level: number, index: number, lowest: number): number {
  return (2 * lowest - (2 * lowest) / 2 ** level + index) * NODE_BYTES
}

function levelsOf(leaves: Uint8Array, hash: HashPairs): Uint8Array[] {
  const levels = [leaves]
  for (let level = leaves; level.length > NODE_BYTES; ) {
    const next = new Uint8Array(level.length / 2)
    hash(level, next)
    levels.push(next)
    level = next
  }
  return levels
}

function nodeAt(nodes: Uint8Array, index: number): Uint8Array {
  return nodes.subarray(index * NODE_BYTES, (index + 1) * NODE_BYTES)
}
