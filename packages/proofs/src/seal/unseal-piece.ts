/**
 * A piece's payload out of a replica: the key is subtracted and fr32 undone. The key is layer L; after a sector is
 * finalized it is computed anew, which takes as long as sealing did.
 */
import { mkdtemp, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { GranaryError } from '@granary/errors'
import { ensureParentsTable } from '../graph/parents-table.ts'
import { commitFile } from '../io/commit-file.ts'
import { digestFile } from '../io/digest-file.ts'
import { readExactly } from '../io/read-exactly.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { openKernel } from '../kernel/open-kernel.ts'
import { UNIT_PADDED_BYTES, UNIT_PAYLOAD_BYTES, unpadFr32 } from '../piece/fr32.ts'
import { SectorNotSealedError } from './finalize-sector.ts'
import { type Manifest, requireManifest } from './manifest.ts'
import { openSectorFile, SectorDamagedError } from './open-sector-file.ts'
import { sectorChunks } from './sector-chunks.ts'
import { sectorFiles } from './sector-files.ts'

export class UnsealRangeError extends GranaryError {
  constructor(message: string) {
    super({
      code: 'UNSEAL_RANGE_INVALID',
      message,
      hint: 'give the offset that placePieces gave, in padded bytes, and the payload size of the piece',
      retryable: false,
    })
  }
}

/** @throws UnsealRangeError, SectorNotSealedError, SectorDamagedError, ManifestError */
export async function unsealPiece(
  i: {
    dir: string
    parentsDir: string
    /** In padded bytes. */
    offset: number
    payloadSize: number
    out: string
  },
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const manifest = await requireManifest(i.dir)
  if (manifest.state === 'sealing') throw new SectorNotSealedError(i.dir)
  const { sectorBytes } = manifest.profile
  const length = Math.ceil(i.payloadSize / UNIT_PAYLOAD_BYTES) * UNIT_PADDED_BYTES
  if (![i.offset, i.payloadSize].every((value) => Number.isSafeInteger(value) && value >= 0))
    throw new UnsealRangeError(`offset ${i.offset} and payload size ${i.payloadSize} are not whole numbers`)
  if (i.offset % UNIT_PADDED_BYTES !== 0) throw new UnsealRangeError(`offset ${i.offset} is not a multiple of 128`)
  if (i.offset + length > sectorBytes)
    throw new UnsealRangeError(`${i.payloadSize} bytes at ${i.offset} reach past the sector's ${sectorBytes}`)
  const { kernel } = openKernel()
  await withKey({ kernel, manifest, dir: i.dir, parentsDir: i.parentsDir, signal }, (keyPath) =>
    decode(kernel, { ...i, length, keyPath, replicaPath: sectorFiles(i.dir).replica, signal }),
  )
}

async function decode(
  kernel: Kernel,
  i: {
    dir: string
    replicaPath: string
    keyPath: string
    offset: number
    length: number
    payloadSize: number
    out: string
    signal: AbortSignal | undefined
  },
): Promise<void> {
  const temporary = `${i.out}.tmp`
  await using stack = new AsyncDisposableStack()
  const replica = stack.use(await openSectorFile(i.dir, i.replicaPath))
  const key = stack.use(await open(i.keyPath))
  const out = stack.use(await open(temporary, 'w'))
  let left = i.payloadSize
  for (const { offset, length } of sectorChunks(i.length)) {
    i.signal?.throwIfAborted()
    const nodes = await readExactly(replica, i.offset + offset, length)
    kernel.subtractNodes(nodes, await readExactly(key, i.offset + offset, length), nodes)
    const payload = unpadFr32(nodes).subarray(0, left)
    await out.writeFile(payload)
    left -= payload.length
  }
  await out.sync()
  await commitFile(temporary, i.out)
}

/** Layer L as it is, or computed anew in a folder that is removed again. */
async function withKey(
  i: { kernel: Kernel; manifest: Manifest; dir: string; parentsDir: string; signal: AbortSignal | undefined },
  use: (keyPath: string) => Promise<void>,
): Promise<void> {
  const { profile, replicaId, layers } = i.manifest
  const kept = sectorFiles(i.dir).layer(profile.layers)
  const expected = layers[profile.layers - 1]
  const { signal } = i
  if ((await digestFile(kept, signal)) === expected) return await use(kept)
  const parentsPath = await ensureParentsTable(
    { kernel: i.kernel, porepId: profile.porepId, nodes: profile.nodes, folder: i.parentsDir },
    { signal },
  )
  const folder = await mkdtemp(join(i.dir, 'unseal-'))
  try {
    const pathOf = (layer: number) => join(folder, `layer-${layer}`)
    for (let layer = 1; layer <= profile.layers; layer += 1) {
      const previousPath = layer === 1 ? undefined : pathOf(layer - 1)
      const outPath = pathOf(layer)
      await i.kernel.labelLayer({ replicaId, layer, nodes: profile.nodes, parentsPath, previousPath, outPath, signal })
      if (layer > 2) await rm(pathOf(layer - 2))
    }
    const key = pathOf(profile.layers)
    if ((await digestFile(key)) !== expected)
      throw new SectorDamagedError(i.dir, 'its key is not the one it was sealed with')
    await use(key)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
