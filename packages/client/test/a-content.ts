/** Files and folders for tests, as blocks, and ways to cut them over holders. */
import { importFile, importTree, parseCid, treeOfFiles, walkDag } from '@granary/content'
import { type Block, Blocks } from './holders.ts'

export interface Content {
  readonly cid: string
  readonly blocks: Blocks
  /** Depth-first. */
  readonly order: readonly Block[]
}

/** The same for the same seed, without a repeat: xorshift32. */
export function someBytes(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(length / 4))
  let state = seed
  for (let at = 0; at < words.length; at++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[at] = state
  }
  return new Uint8Array(words.buffer, 0, length)
}

async function* streamOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function contentOf(root: { toString(): string }, blocks: Blocks): Promise<Content> {
  const cid = root.toString()
  return { cid, blocks, order: await Array.fromAsync(walkDag(parseCid(cid), blocks)) }
}

export async function fileContent(bytes: Uint8Array): Promise<Content> {
  const blocks = new Blocks()
  return await contentOf(await importFile(streamOf(bytes), blocks), blocks)
}

export async function folderContent(files: Readonly<Record<string, Uint8Array | undefined>>): Promise<Content> {
  const blocks = new Blocks()
  const tree = treeOfFiles(
    Object.entries(files).map(([path, bytes]) =>
      bytes === undefined ? { path } : { path, content: () => streamOf(bytes) },
    ),
  )
  return await contentOf(await importTree(tree, blocks), blocks)
}

/** As a put cuts it: leaves in turn, and with each part the nodes above it. */
export function cut({ order }: Content, parts: number): Blocks[] {
  const isNode = ({ cid }: Block): boolean => cid.code === 0x70
  const nodes = order.filter(isNode)
  const leaves = order.filter((block) => !isNode(block))
  const startOf = (part: number): number => Math.floor((part * leaves.length) / parts)
  return Array.from(
    { length: parts },
    (_, part) => new Blocks([...nodes, ...leaves.slice(startOf(part), startOf(part + 1))]),
  )
}
