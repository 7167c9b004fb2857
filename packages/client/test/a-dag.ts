/** UnixFS of any shape, as no importer makes it: uneven trees, parts that are used again, nodes with bytes of their own. */
import { createHash } from 'node:crypto'
import { parseCid } from '@granary/content'
import type { Block } from './holders.ts'

export type Shape =
  | { readonly bytes: readonly number[] }
  | { readonly own: readonly number[]; readonly below: readonly Shape[] }

export interface Made {
  readonly block: Block
  /** All blocks, some of them several times. */
  readonly blocks: readonly Block[]
  /** Of the file. */
  readonly bytes: Uint8Array
}

export function fileOf(shape: Shape): Made {
  if ('bytes' in shape) {
    const bytes = Uint8Array.from(shape.bytes)
    const block = blockOf('55', bytes)
    return { block, blocks: [block], bytes }
  }
  const below = shape.below.map(fileOf)
  const own = Uint8Array.from(shape.own)
  const bytes = Buffer.concat([own, ...below.map((part) => part.bytes)])
  const sizes = below.flatMap((part) => [0x20, ...varint(part.bytes.length)])
  const data = [0x08, 2, ...field(0x12, own), 0x18, ...varint(bytes.length), ...sizes]
  const block = nodeOf(
    below.map((part) => ['', part.block] as const),
    data,
  )
  return { block, blocks: [block, ...below.flatMap((part) => part.blocks)], bytes: new Uint8Array(bytes) }
}

export function folderOf(files: Readonly<Record<string, Made>>): Made {
  const made = Object.entries(files)
  const block = nodeOf(
    made.map(([name, { block }]) => [name, block] as const),
    [0x08, 1],
  )
  return { block, blocks: [block, ...made.flatMap(([, { blocks }]) => blocks)], bytes: new Uint8Array() }
}

function nodeOf(links: readonly (readonly [name: string, block: Block])[], data: readonly number[]): Block {
  const bytes = links.flatMap(([name, { cid, bytes: linked }]) =>
    field(0x12, [
      ...field(0x0a, cid.bytes),
      ...field(0x12, new TextEncoder().encode(name)),
      0x18,
      ...varint(linked.length),
    ]),
  )
  return blockOf('70', Uint8Array.from([...bytes, ...field(0x0a, data)]))
}

function blockOf(codec: '55' | '70', bytes: Uint8Array): Block {
  const digest = createHash('sha256').update(bytes).digest('hex')
  return { cid: parseCid(`f01${codec}1220${digest}`), bytes }
}

function field(tag: number, bytes: ArrayLike<number>): number[] {
  return [tag, ...varint(bytes.length), ...Array.from(bytes)]
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >> 7)]
}
