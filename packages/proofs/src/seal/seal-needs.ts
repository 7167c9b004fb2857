/** What sealing takes of a machine, known before it begins. */
import { readdir, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { GranaryError } from '@granary/base'
import { MemoryError } from '../kernel/kernel.ts'
import { PARENTS } from '../spec/graph.ts'
import { NODE_BYTES, type Profile } from '../spec/profile.ts'
import { hasParentsTable } from './build-parents-table.ts'

/** Labels of two layers; beside them only buffers. */
const LAYERS_IN_MEMORY = 2
const BUFFER_BYTES = 64 * 2 ** 20
/** treeC, treeD and treeR keep the levels from height 7 up. */
const TREES = 3
const TREE_LEAF_SHARE = 64

export interface SealNeeds {
  /** In the sectors' folders; 1/(L + 1) of it stays after the PoRep. */
  readonly diskBytes: number
  /** In the folder of parents tables, once for all sectors. */
  readonly parentsBytes: number
  readonly memoryBytes: number
}

export class DiskError extends GranaryError {
  constructor(folder: string, neededBytes: number, availableBytes: number) {
    super({
      code: 'DISK_TOO_SMALL',
      message: `sealing takes ${neededBytes} more bytes in ${folder}, and ${availableBytes} are free`,
      hint: 'free some space, give a folder on a larger disk, or seal fewer sectors together',
      details: { folder, neededBytes, availableBytes },
    })
  }
}

/** @param sectors sealed together, 1 to 4 */
export function sealNeeds(profile: Profile, sectors: number): SealNeeds {
  const { sectorBytes, layers, nodes } = profile
  return {
    diskBytes: sectors * (sectorBytes * (layers + 1) + Math.ceil((TREES * sectorBytes) / TREE_LEAF_SHARE)),
    parentsBytes: nodes * PARENTS * 4,
    memoryBytes: sectors * LAYERS_IN_MEMORY * nodes * NODE_BYTES + BUFFER_BYTES,
  }
}

/** @throws DiskError DISK_TOO_SMALL, with what is there of the sectors already taken off */
export async function requireDisk(profile: Profile, dirs: readonly string[], parentsDir: string): Promise<void> {
  const { diskBytes, parentsBytes } = sealNeeds(profile, dirs.length)
  let present = 0
  for (const dir of dirs) present += await bytesIn(dir)
  await requireFree(dirs[0]!, Math.max(0, diskBytes - present))
  if (!(await hasParentsTable({ ...profile, dir: parentsDir }))) await requireFree(parentsDir, parentsBytes)
}

/** @throws MemoryError MEMORY_TOO_SMALL */
export function requireMemory(profile: Profile, sectors: number): void {
  const { memoryBytes } = sealNeeds(profile, sectors)
  const available = process.availableMemory()
  if (memoryBytes > available) throw new MemoryError(memoryBytes, available)
}

async function requireFree(folder: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(await nearestFolder(folder))
  if (neededBytes > bavail * bsize) throw new DiskError(folder, neededBytes, bavail * bsize)
}

/** The folder itself, or the first one over it that there is. */
async function nearestFolder(folder: string): Promise<string> {
  for (let at = folder; ; at = dirname(at)) {
    if ((await stat(at).catch(() => undefined)) !== undefined || dirname(at) === at) return at
  }
}

async function bytesIn(dir: string): Promise<number> {
  let sum = 0
  for (const name of await readdir(dir).catch(() => [])) {
    const status = await stat(join(dir, name)).catch(() => undefined)
    // What is reserved and not yet written counts as there too.
    if (status?.isFile()) sum += status.blocks * 512
  }
  return sum
}
