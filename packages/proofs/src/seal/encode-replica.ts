/** Data plus key: layer L and the pieces → replica, tree-r, tree-d. docs/spec/proofs.md section 7. */
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { commitFile } from '../io/commit-file.ts'
import { readExactly } from '../io/read-exactly.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { createTreeWriter } from '../merkle/stored-tree.ts'
import type { Profile } from '../profile.ts'
import { sectorChunks } from './sector-chunks.ts'
import type { ReadSectorData } from './sector-data.ts'
import { sectorFiles } from './sector-files.ts'

/** The roots of what was written: CommD again, from the very bytes that were encoded, commRLast, and the digest of the replica in hex. */
export async function encodeReplica(i: {
  kernel: Kernel
  dir: string
  profile: Profile
  data: ReadSectorData
  signal: AbortSignal | undefined
}): Promise<{ commD: Uint8Array; commRLast: Uint8Array; replicaSha256: string }> {
  const { kernel, profile } = i
  const digest = createHash('sha256')
  const files = sectorFiles(i.dir)
  await using stack = new AsyncDisposableStack()
  const key = stack.use(await open(files.layer(profile.layers)))
  const replica = stack.use(await open(`${files.replica}.tmp`, 'w'))
  const treeD = await createTreeWriter(`${files.treeD}.tmp`, profile.nodes, kernel.hashPairs254)
  stack.defer(() => treeD.close())
  const treeR = await createTreeWriter(`${files.treeR}.tmp`, profile.nodes, kernel.hashPairs)
  stack.defer(() => treeR.close())
  for (const { offset, length } of sectorChunks(profile.sectorBytes)) {
    i.signal?.throwIfAborted()
    const nodes = await i.data(offset, length)
    await treeD.write(nodes)
    kernel.addNodes(await readExactly(key, offset, length), nodes, nodes)
    await treeR.write(nodes)
    digest.update(nodes)
    await replica.writeFile(nodes)
  }
  const [commD, commRLast] = [await treeD.finish(), await treeR.finish()]
  await replica.sync()
  for (const path of [files.replica, files.treeD, files.treeR]) await commitFile(`${path}.tmp`, path)
  return { commD, commRLast, replicaSha256: digest.digest('hex') }
}
