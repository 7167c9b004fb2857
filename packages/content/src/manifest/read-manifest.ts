/**
 * A tree of files → the blocks of its DAG in order, and where the order is cut into pieces. The files are read once, and
 * their bytes are not kept.
 */
import type { CID } from 'multiformats/cid'
import { type ImportOptions, putContext } from '../import-file.ts'
import { putTree, type Tree } from '../import-tree.ts'
import { linksOf } from '../links-of.ts'
import { putFolder } from '../put-folder.ts'
import type { BlockWriter } from '../store.ts'
import { carHeader, sectionBytes } from '../write-car.ts'
import type { BlockTable, OrderedBlock } from './block-table.ts'
import { type CutSizes, cutAsBefore, cutPieces, type PieceCut } from './cut-pieces.ts'

/** Nodes between two turns of the event loop. */
const NODES_A_TURN = 64

/** What is known of a source after it was read. */
export interface DagManifest {
  readonly root: CID
  /** Of the content in the folder that is the root, where one was put around it. */
  readonly name?: string | undefined
  /** Of all files, each as often as it stands in the tree. */
  readonly fileBytes: number
  readonly blocks: number
  readonly cuts: readonly PieceCut[]
}

/** A folder around the content, in which it keeps its name. */
export interface Wrap {
  readonly name: string
  /** Whether the content, known by its CID and that of the folder now, goes without the folder after all. @default it does not */
  readonly isLeftOut?: ((cid: string, wrappedCid: string) => Promise<boolean>) | undefined
}

export interface ReadManifestOptions extends ImportOptions, CutSizes {
  /** Bytes of each CAR that this content is to be cut into again, where it was cut before. @default it was not */
  readonly payloadSizesOf?: ((rootCid: string) => Promise<readonly number[] | undefined>) | undefined
  /** @default no folder is put around it */
  readonly wrap?: Wrap | undefined
}

/**
 * @param tree its files are numbered in the order in which they are read, from 0
 * @param table empty; then it has the blocks that the cuts name
 * @throws BlockTooLargeError, NamesCollideError, and what the tree throws
 */
export async function readManifest(
  tree: Tree,
  table: BlockTable,
  options: ReadManifestOptions = {},
): Promise<DagManifest> {
  const store = storeOver(table)
  const context = putContext(store, options)
  const content = await putTree(numbered(tree, store.begin), context, options.onProgress)
  const { wrap } = options
  // A block that nothing leads to has no position, and is in no CAR.
  const wrapped = wrap && (await putFolder([[wrap.name, content]], context))
  const isLeftOut = wrapped && (await wrap?.isLeftOut?.(content.cid.toString(), wrapped.cid.toString()))
  const name = isLeftOut ? undefined : wrap?.name
  const { cid: root } = wrapped === undefined || isLeftOut ? content : wrapped
  const bytes = await orderBlocks(root, table, options.signal)
  const header = carHeader([root]).length
  const sequence = {
    blocks: table.length,
    startOf: (position: number) => (position === table.length ? bytes : table.startAt(position)),
    leadOf: (position: number) =>
      header + wayTo(table, position).reduce((sum, at) => sum + sectionBytes(table.placeAt(at)), 0),
  }
  const before = await options.payloadSizesOf?.(root.toString())
  const cuts = (before && cutAsBefore(sequence, before)) ?? cutPieces({ ...options, ...sequence })
  return { root, name, fileBytes: store.fileBytes, blocks: table.length, cuts }
}

/**
 * The nodes on the way from the root to a block, without it: what a CAR that begins with the block starts with, so that a
 * reader who has the root alone can follow it. docs/spec/content.md
 */
export function leadOf(table: BlockTable, position: number): OrderedBlock[] {
  return wayTo(table, position).map((at) => table.at(at))
}

/** The positions of these nodes, from the root down. */
function wayTo(table: BlockTable, position: number): number[] {
  const way: number[] = []
  for (let { parent } = table.placeAt(position); parent !== undefined; parent = table.placeAt(parent).parent)
    way.push(parent)
  return way.reverse()
}

interface TableStore extends BlockWriter {
  /** Leaves that are put from now on are those of the next file. */
  readonly begin: () => void
  readonly fileBytes: number
}

function storeOver(table: BlockTable): TableStore {
  let file = -1
  let offset = 0
  let fileBytes = 0
  return {
    begin() {
      file += 1
      offset = 0
    },
    get fileBytes() {
      return fileBytes
    },
    put(cid, bytes) {
      table.add({ cid, blockBytes: bytes.length, bytes })
      return cid
    },
    putLeaf(cid, { blockBytes, dataBytes }) {
      table.add({ cid, blockBytes, place: { file, offset, length: dataBytes } })
      offset += dataBytes
      fileBytes += dataBytes
    },
  }
}

function numbered(tree: Tree, begin: () => void): Tree {
  if (tree.kind === 'link') return tree
  if (tree.kind === 'folder') {
    return {
      kind: 'folder',
      async *entries() {
        for await (const [name, below] of tree.entries()) yield [name, numbered(below, begin)] as const
      },
    }
  }
  return {
    kind: 'file',
    content() {
      begin()
      return tree.content()
    },
  }
}

/** The order of `walkDag`, without reading a leaf. @returns bytes of all sections */
async function orderBlocks(root: CID, table: BlockTable, signal: AbortSignal | undefined): Promise<number> {
  const stack: { cid: CID; parent: number | undefined }[] = [{ cid: root, parent: undefined }]
  let start = 0
  let nodes = 0
  for (let step = stack.pop(); step !== undefined; step = stack.pop()) {
    const { cid, parent } = step
    const placed = table.place(cid, { parent, start })
    if (placed === undefined) continue
    const { position, blockBytes, bytes } = placed
    start += sectionBytes({ cid, blockBytes })
    if (bytes === undefined) continue
    nodes += 1
    // All of this is in memory, or waits for the disk where it stands: it would never let go of the event loop.
    if (nodes % NODES_A_TURN === 0) await new Promise((resolve) => setTimeout(resolve, 0))
    signal?.throwIfAborted()
    for (const link of (await linksOf(cid, bytes)).reverse()) stack.push({ cid: link, parent: position })
  }
  return start
}
