/**
 * The labels of several sectors, layer by layer, those at the same place together. A layer whose digest is in the manifest
 * and right is kept; another is made again, from its last checkpoint where there is one.
 */
import { rm, stat } from 'node:fs/promises'
import { moveFile } from '@granary/base/node'
import { digestFile } from '../io/digest-file.ts'
import { readCheckpoint } from '../kernel/checkpoint.ts'
import { type Checkpoint, CheckpointError, type Kernel, type Labeller, type PlacedPiece } from '../kernel/kernel.ts'
import { type Manifest, writeManifest } from './manifest.ts'
import { SectorDamagedError } from './open-sector-file.ts'
import { ensureParentsTable } from './parents-table.ts'
import type { SealInput, SealOptions } from './seal-input.ts'
import { sectorFiles } from './sector-files.ts'

export interface LabelledSector {
  readonly input: SealInput
  /** Among those sealed together. */
  readonly position: number
  readonly pieces: readonly PlacedPiece[]
  readonly manifest: Manifest
}

interface Labelling {
  sector: LabelledSector
  /** Layers that are still to be made, ascending. */
  todo: readonly number[]
}

export async function labelSectors(
  kernel: Kernel,
  sectors: readonly LabelledSector[],
  options: SealOptions,
): Promise<LabelledSector[]> {
  const [first] = sectors
  if (first === undefined) return []
  const { profile, parentsDir } = first.input
  const { signal, onProgress } = options
  const parentsPath = await ensureParentsTable(
    { kernel, porepId: profile.porepId, nodes: profile.nodes, folder: parentsDir },
    { signal, onProgress: (done, total) => onProgress?.({ type: 'seal:parents', done, total }, 0) },
  )
  const all: Labelling[] = []
  for (const sector of sectors) all.push(await planLabels(sector, signal))
  const bench = createBench(kernel, profile.nodes)
  try {
    for (let group = await nextGroup(all); group !== undefined; group = await nextGroup(all))
      await labelGroup({ labeller: bench.of(group.members), parentsPath, options, ...group })
  } finally {
    bench.close()
  }
  return all.map(({ sector }) => sector)
}

async function planLabels(sector: LabelledSector, signal: AbortSignal | undefined): Promise<Labelling> {
  const { dir, profile } = sector.input
  const files = sectorFiles(dir)
  let { manifest } = sector
  const todo: number[] = []
  for (let layer = 1; layer <= profile.layers; layer += 1) {
    const known = manifest.layers[layer - 1]
    const checkpoint = known === undefined ? await readCheckpoint(files.layerCheckpoint(layer)) : undefined
    // Killed after the rename and before the manifest was written: the checkpoint has the digest of the whole.
    const expected = known ?? (checkpoint?.count === profile.nodes ? checkpoint.sha256 : undefined)
    const isSound = expected !== undefined && (await digestFile(files.layer(layer), signal)) === expected
    if (!isSound) todo.push(layer)
    else if (known === undefined) manifest = await enterLayer(dir, manifest, layer, expected)
  }
  return { sector: { ...sector, manifest }, todo }
}

interface Group {
  readonly layer: number
  readonly members: readonly Labelling[]
  readonly starts: readonly (Checkpoint | undefined)[]
}

/** Those at the lowest layer, and among them those that begin at the same node. */
async function nextGroup(all: readonly Labelling[]): Promise<Group | undefined> {
  const open = all.filter(({ todo }) => todo.length > 0)
  if (open.length === 0) return undefined
  const layer = Math.min(...open.map(({ todo }) => todo[0]!))
  const candidates = open.filter(({ todo }) => todo[0] === layer)
  const found = await Promise.all(candidates.map(({ sector }) => startOf(sector, layer)))
  const count = found[0]?.count ?? 0
  const isMember = (_: unknown, i: number) => (found[i]?.count ?? 0) === count
  return { layer, members: candidates.filter(isMember), starts: found.filter(isMember) }
}

async function startOf({ input }: LabelledSector, layer: number): Promise<Checkpoint | undefined> {
  const files = sectorFiles(input.dir)
  const part = await stat(files.layerPart(layer)).catch(() => undefined)
  if (part === undefined) return undefined
  const checkpoint = await readCheckpoint(files.layerCheckpoint(layer))
  return checkpoint !== undefined && checkpoint.count <= input.profile.nodes ? checkpoint : undefined
}

async function labelGroup(i: Group & { labeller: Labeller; parentsPath: string; options: SealOptions }): Promise<void> {
  const { layer, members, starts, options } = i
  const { layers, nodes } = members[0]!.sector.input.profile
  const lanes = members.map(({ sector }, lane) => {
    const files = sectorFiles(sector.input.dir)
    return {
      replicaId: sector.manifest.replicaId,
      previousPath: layer === 1 ? undefined : files.layer(layer - 1),
      outPath: files.layerPart(layer),
      checkpointPath: files.layerCheckpoint(layer),
      start: starts[lane],
    }
  })
  const tell = (done: number) => {
    for (const { sector } of members)
      options.onProgress?.({ type: 'seal:labels', layer, layers, done, total: nodes }, sector.position)
  }
  const job = { layer, parentsPath: i.parentsPath, lanes, signal: options.signal, onProgress: tell }
  tell(starts[0]?.count ?? 0)
  const digests = await i.labeller.labelLayer(job).catch(async (error: unknown) => {
    if (!(error instanceof CheckpointError)) throw error
    // Which of them is damaged is not worth knowing: they begin the layer anew.
    for (const lane of lanes) await rm(lane.checkpointPath, { force: true })
    tell(0)
    return await i.labeller.labelLayer({ ...job, lanes: lanes.map((lane) => ({ ...lane, start: undefined })) })
  })
  for (const [lane, member] of members.entries()) {
    await finishLayer(member, layer, digests[lane]!)
    options.onProgress?.({ type: 'seal:layer', layer, layers }, member.sector.position)
  }
}

async function finishLayer(member: Labelling, layer: number, digest: string): Promise<void> {
  const { sector, todo } = member
  const { dir } = sector.input
  const files = sectorFiles(dir)
  const known = sector.manifest.layers[layer - 1]
  if (known !== undefined && known !== digest)
    throw new SectorDamagedError(dir, `layer ${layer}, made again, is not what it was`)
  await moveFile(files.layerPart(layer), files.layer(layer))
  const manifest = await enterLayer(dir, sector.manifest, layer, digest)
  await rm(files.layerCheckpoint(layer), { force: true })
  member.sector = { ...sector, manifest }
  member.todo = todo.slice(1)
}

async function enterLayer(dir: string, manifest: Manifest, layer: number, digest: string): Promise<Manifest> {
  const entered = { ...manifest, layers: manifest.layers.toSpliced(layer - 1, 1, digest) }
  await writeManifest(dir, entered)
  return entered
}

/** One labeller at a time: it keeps the layer before in memory for as long as the same sectors go on together. */
function createBench(kernel: Kernel, nodes: number): { of(members: readonly Labelling[]): Labeller; close(): void } {
  let key = ''
  let labeller: Labeller | undefined
  return {
    of(members) {
      const wanted = members.map(({ sector }) => sector.position).join()
      if (labeller !== undefined && key === wanted) return labeller
      labeller?.close()
      labeller = kernel.openLabeller(members.length, nodes)
      key = wanted
      return labeller
    },
    close: () => labeller?.close(),
  }
}
