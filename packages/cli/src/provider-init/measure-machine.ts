/** How fast this machine seals and its disks write: done for real, in folders that go again. */

import { randomBytes } from 'node:crypto'
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder } from '@granary/base/node'
import { activeKernel } from '@granary/proofs/engine'
import { type NamedProfile, type Profile, profiles } from '@granary/proofs/profile'
import { sealSector } from '@granary/proofs/seal'

export interface SealingSpeed {
  /** Of a label, a hash after the other: most of the time of a sector. */
  readonly labelNs: number
  /** Columns, trees and encoding, for each byte of each layer and of the replica. */
  readonly byteNs: number
  readonly kernel: string
}

/** Sealed in less than a second where there is a C kernel; a larger one would only be more exact. */
const MEASURED = profiles['8MiB-dev']
const DISK_BYTES = 32 * 2 ** 20
const CHUNK_BYTES = 4 * 2 ** 20

/** @param folder on the disk that sealing is to be done on @throws DISK_TOO_SMALL, an abort error, … */
export async function measureSealing(folder: string, signal?: AbortSignal): Promise<SealingSpeed> {
  return await inTemporary(folder, async (dir) => {
    const path = join(dir, 'piece')
    const payloadSize = (MEASURED.sectorBytes / 128) * 127
    await writeFile(path, randomBytes(payloadSize))
    const piece = { path, payloadSize, paddedSize: MEASURED.sectorBytes }
    const sector = { profile: MEASURED, provider: 0, sectorNumber: 0, ticket: new Uint8Array(32), pieces: [piece] }
    let [labelsAtMs, treesAtMs] = [0, 0]
    await sealSector(
      { ...sector, dir: join(dir, 'sector'), parentsDir: join(dir, 'parents') },
      {
        signal,
        onProgress: ({ type }) => {
          // The table of parents before it is made once for all sectors.
          if (type === 'seal:layer' && labelsAtMs === 0) labelsAtMs = performance.now()
          if (type === 'seal:trees') treesAtMs = performance.now()
        },
      },
    )
    return {
      labelNs: ((treesAtMs - labelsAtMs) * 1e6) / (MEASURED.nodes * MEASURED.layers),
      byteNs: ((performance.now() - treesAtMs) * 1e6) / (MEASURED.sectorBytes * (MEASURED.layers + 1)),
      kernel: activeKernel().name,
    }
  })
}

/** Of one sector alone; up to four side by side take little longer than one. */
export function sealingTimeMs({ labelNs, byteNs }: SealingSpeed, profile: Profile | NamedProfile): number {
  const { nodes, layers, sectorBytes } = profile
  return Math.ceil((labelNs * nodes * layers + byteNs * sectorBytes * (layers + 1)) / 1e6)
}

/** @returns bytes a second, written and on the disk @throws an abort error, what the disk says */
export async function measureDisk(folder: string, signal?: AbortSignal): Promise<number> {
  return await inTemporary(folder, async (dir) => {
    const chunk = randomBytes(CHUNK_BYTES)
    const startMs = performance.now()
    await using file = await open(join(dir, 'speed'), 'wx')
    for (let at = 0; at < DISK_BYTES; at += CHUNK_BYTES) {
      signal?.throwIfAborted()
      await file.write(chunk)
    }
    await file.datasync()
    return (DISK_BYTES * 1_000) / Math.max(1, performance.now() - startMs)
  })
}

async function inTemporary<T>(folder: string, work: (dir: string) => Promise<T>): Promise<T> {
  await makeFolder(folder)
  const dir = await mkdtemp(join(folder, '.speed-'))
  try {
    return await work(dir)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
