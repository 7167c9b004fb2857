/**
 * A piece's payload out of a replica: the key is subtracted and fr32 undone. The key is layer L; after a sector is
 * finalized it is computed anew, which takes as long as sealing did.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { GranaryError } from '@granary/base'
import { moveFile } from '@granary/base/node'
import { digestFile } from '../io/digest-file.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { openKernel } from '../kernel/open-kernel.ts'
import { UNIT_PADDED_BYTES, UNIT_PAYLOAD_BYTES } from '../spec/fr32.ts'
import { SectorNotSealedError } from './finalize-sector.ts'
import { type Manifest, requireManifest } from './manifest.ts'
import { SectorDamagedError } from './open-sector-file.ts'
import { ensureParentsTable } from './parents-table.ts'
import { removeDeadUnsealings, unsealingPrefix } from './remove-leftovers.ts'
import { requireMemory } from './seal-needs.ts'
import { sectorFiles } from './sector-files.ts'

export class UnsealRangeError extends GranaryError {
  constructor(message: string) {
    super({
      code: 'UNSEAL_RANGE_INVALID',
      message,
      hint: 'give the offset that placePieces gave, in padded bytes, and the payload size of the piece',
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
  const { replica } = sectorFiles(i.dir)
  const found = await stat(replica).catch(() => undefined)
  if (found?.size !== sectorBytes) throw new SectorDamagedError(i.dir, `${replica} is missing or cut`)
  const outPath = `${i.out}.${randomBytes(4).toString('hex')}.tmp`
  try {
    await withKey({ kernel, manifest, dir: i.dir, parentsDir: i.parentsDir, signal }, (keyPath) =>
      kernel.decode({
        nodes: manifest.profile.nodes,
        replicaPath: replica,
        keyPath,
        offset: i.offset,
        payloadSize: i.payloadSize,
        outPath,
        signal,
      }),
    )
    await moveFile(outPath, i.out)
  } finally {
    await rm(outPath, { force: true })
  }
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
  requireMemory(profile, 1)
  await removeDeadUnsealings(i.dir)
  const folder = await mkdtemp(join(i.dir, unsealingPrefix()))
  const labeller = i.kernel.openLabeller(1, profile.nodes)
  try {
    const pathOf = (layer: number) => join(folder, `layer-${layer}`)
    const checkpointPath = join(folder, 'checkpoint')
    let digest: string | undefined
    for (let layer = 1; layer <= profile.layers; layer += 1) {
      const previousPath = layer === 1 ? undefined : pathOf(layer - 1)
      const lanes = [{ replicaId, previousPath, outPath: pathOf(layer), checkpointPath }]
      ;[digest] = await labeller.labelLayer({ layer, parentsPath, lanes, signal })
      if (layer > 1) await rm(pathOf(layer - 1))
    }
    if (digest !== expected) throw new SectorDamagedError(i.dir, 'its key is not the one it was sealed with')
    await use(pathOf(profile.layers))
  } finally {
    labeller.close()
    await rm(folder, { recursive: true, force: true })
  }
}
