/** A DAG's blocks depth-first, each block once unless asked otherwise: the order of every CAR that Granary writes. */
import type { CID } from 'multiformats/cid'
import { inlineBytes } from './inline.ts'
import { linksOf } from './links-of.ts'
import { type BlockReader, type ReadOptions, readBlock } from './store.ts'
import { createWalkBudget } from './walk-budget.ts'

export interface Block {
  readonly cid: CID
  readonly bytes: Uint8Array
}

export interface WalkOptions extends ReadOptions {
  /** CIDs (as text, version 1) that are out already; the walk adds its own. @default an empty set */
  readonly seen?: Set<string> | undefined
  /** Give a block each time that it is linked. @default false */
  readonly dups?: boolean | undefined
}

/** Blocks named by the identity hash travel inside their CID: their links are followed, they are not given out. */
export async function* walkDag(root: CID, store: BlockReader, options: WalkOptions = {}): AsyncGenerator<Block> {
  const seen = options.seen ?? new Set<string>()
  const budget = createWalkBudget()
  const stack: CID[] = [root]
  for (let cid = stack.pop(); cid !== undefined; cid = stack.pop()) {
    const key = cid.toV1().toString()
    if (seen.has(key)) continue
    if (options.dups !== true) seen.add(key)
    const inline = inlineBytes(cid)
    const bytes = inline ?? (await readBlock(store, cid, options))
    await budget.visit(cid, inline === undefined)
    if (inline === undefined) yield { cid, bytes }
    for (const link of (await linksOf(cid, bytes)).reverse()) stack.push(link)
  }
}
