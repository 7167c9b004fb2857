/** Blocks in memory: for a browser, and for what is small. */
import type { BlockTable, OrderedBlock, StoredBlock } from './block-table.ts'

export function memoryBlockTable(): BlockTable {
  const blocks = new Map<string, StoredBlock>()
  const placed = new Set<string>()
  const order: OrderedBlock[] = []
  const at = (position: number): OrderedBlock => {
    const block = order[position]
    if (block === undefined) throw new RangeError(`there is no block ${position} of ${order.length}`)
    return block
  }
  return {
    add(block) {
      const key = block.cid.toString()
      if (!blocks.has(key)) blocks.set(key, block)
    },
    place(cid, at) {
      const key = cid.toString()
      const block = blocks.get(key)
      if (block === undefined) throw new RangeError(`block ${key} is not in the table`)
      if (placed.has(key)) return undefined
      placed.add(key)
      order.push({ ...block, ...at })
      const { blockBytes } = block
      return { position: order.length - 1, blockBytes, bytes: 'bytes' in block ? block.bytes : undefined }
    },
    get length() {
      return order.length
    },
    at,
    placeAt: at,
    startAt: (position) => at(position).start,
  }
}
