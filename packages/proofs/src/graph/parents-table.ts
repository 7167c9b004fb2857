/**
 * The parents table of a graph: n × 14 × u32LE in a file named by porep id and nodes, built once and shared by all
 * sectors and processes (docs/spec/proofs.md section 5). Its digest lies beside it, and is known for small graphs.
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { commitFile } from '../io/commit-file.ts'
import { digestFile } from '../io/digest-file.ts'
import { writeNewFile } from '../io/write-new-file.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { PARENTS } from './graph.ts'

export interface ParentsTableInput {
  readonly kernel: Kernel
  readonly porepId: Uint8Array
  readonly nodes: number
  readonly folder: string
}

const CHUNK_NODES = 1 << 14
/** Temporary files of a killed build are removed by a later one. */
const STALE_MS = 24 * 60 * 60 * 1000
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** The first is that of rust-fil-proofs' parent_cache.json; the second was computed by both kernels alike. */
const KNOWN_DIGESTS: Readonly<Record<string, string>> = {
  [`05${'00'.repeat(31)}-64`]: '840057702eea7652cf97e04306c30fe57174714d90de156a25eddd6075c25b97',
  [`06${'00'.repeat(31)}-262144`]: '03cd13565ded97c240a5f52e54295ad127bd0461b57904cb3a4d79b097bbecab',
}

/** The path of the table, which is built first where it is missing or damaged. */
export async function ensureParentsTable(
  input: ParentsTableInput,
  options: { signal?: AbortSignal | undefined; onProgress?: (done: number, total: number) => void } = {},
): Promise<string> {
  const name = `${hexOf(input.porepId)}-${input.nodes}`
  const path = join(input.folder, `${name}.parents`)
  const digestPath = `${path}.sha256`
  const expected = KNOWN_DIGESTS[name] ?? (await readDigest(digestPath))
  if (expected !== undefined && (await digestFile(path, options.signal)) === expected) return path

  await mkdir(input.folder, { recursive: true })
  await removeStale(input.folder)
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`
  try {
    const digest = await buildTable(input, temporary, options)
    await commitFile(temporary, path)
    await writeNewFile(temporary, Buffer.from(digest))
    await commitFile(temporary, digestPath)
  } finally {
    await rm(temporary, { force: true })
  }
  return path
}

async function buildTable(
  { kernel, porepId, nodes }: ParentsTableInput,
  path: string,
  { signal, onProgress }: { signal?: AbortSignal | undefined; onProgress?: (done: number, total: number) => void },
): Promise<string> {
  const write = kernel.parentsWriter(porepId, nodes)
  const hash = createHash('sha256')
  const file = await open(path, 'w')
  try {
    for (let first = 0; first < nodes; first += CHUNK_NODES) {
      signal?.throwIfAborted()
      const count = Math.min(CHUNK_NODES, nodes - first)
      const chunk = new Uint8Array(count * PARENTS * 4)
      write(first, chunk)
      hash.update(chunk)
      await file.writeFile(chunk)
      onProgress?.(first + count, nodes)
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return hash.digest('hex')
}

async function readDigest(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch(() => undefined)
}

async function removeStale(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.tmp')) continue
    const path = join(folder, name)
    const status = await stat(path).catch(() => undefined)
    if (status !== undefined && Date.now() - status.mtimeMs > STALE_MS) await rm(path, { force: true })
  }
}
