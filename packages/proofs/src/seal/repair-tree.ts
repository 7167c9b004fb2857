/**
 * treeR computed anew from the replica. That reads all of it, so the root says whether every byte is as it was sealed;
 * what a damaged treeR costs then is minutes, and not the sealing of hours.
 */

import { rm } from 'node:fs/promises'
import { basename } from 'node:path'
import { equalBytes } from '@granary/base'
import { moveFile, nameBeside } from '@granary/base/node'
import { readExactly } from '../io/read-exactly.ts'
import { createTreeWriter } from '../io/stored-tree.ts'
import { openKernel } from '../kernel/open-kernel.ts'
import { NODE_BYTES } from '../spec/profile.ts'
import { openSectorFile, SectorDamagedError } from './open-sector-file.ts'
import { removeBeside } from './remove-leftovers.ts'
import { requireReplica } from './require-replica.ts'
import { sectorFiles } from './sector-files.ts'

const CHUNK_BYTES = 1 << 20

/**
 * Returns when the whole replica is that of `commR` and treeR is that of the replica.
 * @throws SectorDamagedError when the replica is not; ManifestError, SectorNotSealedError, SectorFolderError
 */
export async function repairTree(
  i: { dir: string; sectorNumber: number; commR: Uint8Array },
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const { nodes, commRLast } = await requireReplica(i)
  const files = sectorFiles(i.dir)
  await using replica = await openSectorFile(i.dir, files.replica)
  // Of a repair whose thread was ended.
  await removeBeside(i.dir, basename(files.treeR))
  const temporary = nameBeside(files.treeR, 'tmp')
  const writer = await createTreeWriter(temporary, nodes, openKernel().kernel.hashPairs)
  try {
    for (let at = 0; at < nodes * NODE_BYTES; at += CHUNK_BYTES) {
      signal?.throwIfAborted()
      await writer.write(await readExactly(replica, at, Math.min(CHUNK_BYTES, nodes * NODE_BYTES - at)))
    }
    const root = await writer.finish()
    if (!equalBytes(root, commRLast)) throw new SectorDamagedError(i.dir, 'its replica is not the one it sealed')
    await moveFile(temporary, files.treeR)
  } finally {
    await writer.close()
    await rm(temporary, { force: true })
  }
}
