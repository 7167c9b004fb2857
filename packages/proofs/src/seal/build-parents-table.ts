/** The table of parents of a graph, ahead of the first sealing. */
import { readdir } from 'node:fs/promises'
import { bytesToHex } from '@noble/hashes/utils.js'
import { digestFile } from '../io/digest-file.ts'
import { openKernel } from '../kernel/open-kernel.ts'
import { ensureParentsTable } from './parents-table.ts'

/** @returns where it lies, and its SHA-256 in hex, of n × 14 × u32LE: base parents, then expander parents */
export async function parentsTable(
  i: { porepId: Uint8Array; nodes: number; dir: string },
  options: { signal?: AbortSignal | undefined; onProgress?: (done: number, total: number) => void } = {},
): Promise<{ path: string; sha256: string }> {
  const { kernel } = openKernel()
  const path = await ensureParentsTable({ kernel, porepId: i.porepId, nodes: i.nodes, folder: i.dir }, options)
  return { path, sha256: (await digestFile(path, options.signal))! }
}

/** Whether a table was finished there; whether it is whole is seen when it is used. */
export async function hasParentsTable(i: { porepId: Uint8Array; nodes: number; dir: string }): Promise<boolean> {
  const names = await readdir(i.dir).catch((): string[] => [])
  return names.includes(`${bytesToHex(i.porepId)}-${i.nodes}.parents`)
}
