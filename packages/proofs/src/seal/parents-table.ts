/**
 * The parents table of a graph: n × 14 × u32LE in a file named by porep id and nodes, built once and shared by all
 * sectors and processes (docs/spec/proofs.md section 5). Its digest lies beside it, and is known for small graphs.
 */
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { GranaryError } from '@granary/base'
import { makeFolder, moveFile, writeFileDurably } from '@granary/base/node'
import { bytesToHex } from '@noble/hashes/utils.js'
import { digestFile } from '../io/digest-file.ts'
import { readCheckpoint } from '../kernel/checkpoint.ts'
import { CheckpointError, type Kernel } from '../kernel/kernel.ts'

export interface ParentsTableInput {
  readonly kernel: Kernel
  readonly porepId: Uint8Array
  readonly nodes: number
  readonly folder: string
}

/** What a killed build leaves is removed by a later one, once it is too old to be gone on with. */
const STALE_MS = 24 * 60 * 60 * 1000

/** The first is that of rust-fil-proofs' parent_cache.json; the others were computed by several kernels alike. */
const KNOWN_DIGESTS: Readonly<Record<string, string>> = {
  [`05${'00'.repeat(31)}-64`]: '840057702eea7652cf97e04306c30fe57174714d90de156a25eddd6075c25b97',
  [`06${'00'.repeat(31)}-262144`]: '03cd13565ded97c240a5f52e54295ad127bd0461b57904cb3a4d79b097bbecab',
  [`e903${'00'.repeat(30)}-16777216`]: 'b3d80d360c27fd2d0a44a8c9c027f543ea06a0a6f3120ee8c8a2de7f536153ed',
}

export class ParentsTableError extends GranaryError {
  constructor(path: string) {
    super({
      code: 'PARENTS_TABLE_WRONG',
      message: `the parents table that was built for ${path} is not the known one`,
      hint: 'the kernel or the memory of this machine is faulty: try GRANARY_KERNEL=ts, and report it',
    })
  }
}

/**
 * The path of the table, which is built first where it is missing or damaged; a build that was stopped goes on. Two
 * processes that build the same table write the same bytes to the same places.
 */
export async function ensureParentsTable(
  input: ParentsTableInput,
  options: { signal?: AbortSignal | undefined; onProgress?: (done: number, total: number) => void } = {},
): Promise<string> {
  const name = `${bytesToHex(input.porepId)}-${input.nodes}`
  const path = join(input.folder, `${name}.parents`)
  const digestPath = `${path}.sha256`
  const known = KNOWN_DIGESTS[name]
  const expected = known ?? (await readDigest(digestPath))
  if (expected !== undefined && (await digestFile(path, options.signal)) === expected) return path

  await makeFolder(input.folder)
  await removeStale(input.folder)
  const digest = await buildTable(input, path, options)
  if (known !== undefined && digest !== known) throw new ParentsTableError(path)
  await writeFileDurably(digestPath, digest)
  // Whoever finished first has renamed it already.
  await moveFile(`${path}.part`, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  await rm(`${path}.checkpoint`, { force: true })
  return path
}

async function buildTable(
  { kernel, porepId, nodes }: ParentsTableInput,
  path: string,
  { signal, onProgress }: { signal?: AbortSignal | undefined; onProgress?: (done: number, total: number) => void },
): Promise<string> {
  const part = `${path}.part`
  const checkpointPath = `${path}.checkpoint`
  const found = await readCheckpoint(checkpointPath)
  const hasPart = (await stat(part).catch(() => undefined)) !== undefined
  const start = hasPart && found !== undefined && found.count <= nodes ? found : undefined
  const job = {
    porepId,
    nodes,
    path: part,
    checkpointPath,
    signal,
    onProgress: (done: number) => onProgress?.(done, nodes),
  }
  return await kernel.buildParents({ ...job, start }).catch(async (error: unknown) => {
    if (!(error instanceof CheckpointError)) throw error
    return await kernel.buildParents(job)
  })
}

async function readDigest(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch(() => undefined)
}

async function removeStale(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!/\.(tmp|part|checkpoint)$/.test(name)) continue
    const path = join(folder, name)
    const status = await stat(path).catch(() => undefined)
    if (status !== undefined && Date.now() - status.mtimeMs > STALE_MS) await rm(path, { force: true })
  }
}
