/**
 * Files, folders and symbolic links → DAG; large folders are sharded (HAMT) as the profile says.
 * https://specs.ipfs.tech/unixfs/
 */
import type { CID } from 'multiformats/cid'
import { type ImportOptions, putContext, putFile } from './import-file.ts'
import { putFolder } from './put-folder.ts'
import { type PutContext, type PutNode, putNode } from './put-node.ts'
import type { BlockWriter } from './store.ts'

export type Tree = FileTree | FolderTree | LinkTree

export interface FileTree {
  readonly kind: 'file'
  /**
   * Called once, when this file's turn has come: its leaves are put before those of the next. What it gives is used before more
   * is asked for, so its memory may be used again.
   */
  content(): AsyncIterable<Uint8Array>
}

export interface FolderTree {
  readonly kind: 'folder'
  /** In any order, each name once. */
  entries(): AsyncIterable<TreeEntry> | Iterable<TreeEntry>
}

export type TreeEntry = readonly [name: string, tree: Tree]

export interface LinkTree {
  readonly kind: 'link'
  /** As the link says it: it may lead anywhere, or nowhere. */
  readonly target: string
}

/**
 * One file is read at a time, and memory holds the entries of a folder and of those that it is in, not more of the tree.
 * @throws NamesCollideError NAMES_COLLIDE, and what the tree throws
 */
export async function importTree(tree: Tree, store: BlockWriter, options: ImportOptions = {}): Promise<CID> {
  return (await putTree(tree, putContext(store, options), options.onProgress)).cid
}

/** What a folder needs to know of a tree in it. */
export async function putTree(
  tree: Tree,
  context: PutContext,
  onProgress: ImportOptions['onProgress'],
): Promise<PutNode> {
  context.signal?.throwIfAborted()
  if (tree.kind === 'file') return await putFile(tree.content(), context, onProgress)
  if (tree.kind === 'link')
    return await putNode({ data: { type: 'symlink', data: new TextEncoder().encode(tree.target) }, links: [] }, context)
  const entries: (readonly [string, PutNode])[] = []
  for await (const [name, below] of tree.entries()) entries.push([name, await putTree(below, context, onProgress)])
  return await putFolder(entries, context)
}

export interface FileAt {
  /** Names with / between them. */
  readonly path: string
  /** None of an empty folder. */
  content?(): AsyncIterable<Uint8Array>
}

/** A folder of files by their paths in it, each path once. */
export function treeOfFiles(files: readonly FileAt[]): FolderTree {
  return folderAt(files.map((file) => ({ names: file.path.split('/'), file })))
}

interface Below {
  readonly names: readonly string[]
  readonly file: FileAt
}

function folderAt(below: readonly Below[]): FolderTree {
  const byName = Map.groupBy(below, ({ names }) => names[0] ?? '')
  return { kind: 'folder', entries: () => [...byName].map(([name, found]) => [name, entryOf(found)] as const) }
}

function entryOf(found: readonly Below[]): Tree {
  const here = found.find(({ names, file }) => names.length === 1 && file.content !== undefined)
  if (here !== undefined) return { kind: 'file', content: () => here.file.content!() }
  const below = found.filter(({ names }) => names.length > 1)
  return folderAt(below.map(({ names, file }) => ({ names: names.slice(1), file })))
}
