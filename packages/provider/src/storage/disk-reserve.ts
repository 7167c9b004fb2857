/** What is kept free on a disk: the store and the queue go on in it when nothing else does. */
import { statfsSync } from 'node:fs'

const RESERVE_BYTES = 2 * 1024 ** 3
/** Of a small disk no more. */
const SHARE_MAX = 2 / 5

/** @param configured: by its owner; undefined: by default */
export function diskReserve(folder: string, configured: number | undefined): number {
  if (configured !== undefined) return configured
  const { blocks, bsize } = statfsSync(folder)
  return reserveOf(blocks * bsize)
}

/** Of a disk of that size, by default. */
export function reserveOf(diskBytes: number): number {
  return Math.min(RESERVE_BYTES, Math.floor(diskBytes * SHARE_MAX))
}
