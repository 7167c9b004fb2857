/**
 * A replica read whole in parts, each as long as who reads it likes, and days apart. A part is compared with what the stored treeR has
 * of it, and as large a share of treeR's own levels with what is below them: so what all parts together have seen is that every bit
 * of both is as it was sealed, up to the root that CommR names. Nothing is kept from one part to the next but where it ended.
 */
import { equalBytes } from '@granary/base'
import { isPassing } from '../io/passing-fault.ts'
import { readExactly } from '../io/read-exactly.ts'
import { openTree } from '../io/stored-tree.ts'
import { openKernel } from '../kernel/open-kernel.ts'
import { NODE_BYTES } from '../spec/profile.ts'
import { openSectorFile, SectorDamagedError } from './open-sector-file.ts'
import { type ReplicaOf, requireReplica } from './require-replica.ts'
import { sectorFiles } from './sector-files.ts'

export interface ReplicaPart extends ReplicaOf {
  /** In bytes of the replica: 0, or where the part before ended. */
  readonly from: number
  /** More or less: a part ends where a group of leaves does. */
  readonly bytes: number
}

/** `next`: where the next part begins; after the last one the size of the sector. */
export type CheckedReplica = { readonly next: number } | { readonly damaged: string }

/** Hashed at once: a thread that does something else too is not kept from it for long. */
const CHUNK_BYTES = 256 * 1024

/** @throws what another try may not meet again: too many open files, no memory; the signal's reason */
export async function checkReplica(
  part: ReplicaPart,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<CheckedReplica> {
  try {
    return { next: await checkPart(part, signal) }
  } catch (error) {
    signal?.throwIfAborted()
    if (isPassing(error)) throw error
    return { damaged: (error as Error).message }
  }
}

async function checkPart(part: ReplicaPart, signal: AbortSignal | undefined): Promise<number> {
  const { dir } = part
  const { nodes, commRLast } = await requireReplica(part)
  const files = sectorFiles(dir)
  const hash = openKernel().kernel.hashPairs
  await using replica = await openSectorFile(dir, files.replica)
  await using file = await openSectorFile(dir, files.treeR)
  const tree = openTree(file, nodes, hash)
  if (!equalBytes(await tree.root(), commRLast)) throw new SectorDamagedError(dir, 'its treeR has another root')
  const groupBytes = tree.groupLeaves * NODE_BYTES
  const ofChunk = Math.max(1, CHUNK_BYTES / groupBytes)
  const asked = Math.floor(part.from / groupBytes)
  const begin = asked < tree.groups ? asked : 0
  const end = Math.min(tree.groups, begin + Math.max(1, Math.floor(part.bytes / groupBytes)))
  for (let first = begin; first < end; first += ofChunk) {
    signal?.throwIfAborted()
    const count = Math.min(ofChunk, end - first)
    const leaves = await readExactly(replica, first * groupBytes, count * groupBytes)
    if (!(await tree.holds(first, leaves)))
      throw new SectorDamagedError(
        dir,
        `its replica and its treeR differ within ${count * groupBytes} bytes of ${first * groupBytes}`,
      )
    if (!(await tree.isOneOver(first, count))) throw new SectorDamagedError(dir, 'its treeR is no tree')
  }
  return end * groupBytes
}
