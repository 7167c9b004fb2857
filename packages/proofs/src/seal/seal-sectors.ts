/**
 * Sealing one to four sectors of one profile together, label by label in lockstep: that keeps a core busy which one
 * sector leaves waiting. Each step writes to a name of its own, syncs, renames, and enters the sector's manifest; a second
 * call on the same folders goes on from there, also where they were stopped at different steps.
 */

import { mkdir, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { equalBytes } from '@granary/base'
import type { Kernel, PlacedPiece } from '../kernel/kernel.ts'
import { openKernel } from '../kernel/open-kernel.ts'
import { proverIdOf, replicaIdOf } from '../spec/replica-id.ts'
import { type Manifest, readManifest, writeManifest } from './manifest.ts'
import { SectorDamagedError } from './open-sector-file.ts'
import { removeTemporaries } from './remove-leftovers.ts'
import {
  checkIdentity,
  checkSealInput,
  type SealedSector,
  type SealInput,
  SealInputError,
  type SealOptions,
  sealedSectorOf,
} from './seal-input.ts'
import { type LabelledSector, labelSectors } from './seal-labels.ts'
import { requireDisk, requireMemory } from './seal-needs.ts'
import { sealTrees } from './seal-trees.ts'
import { placeSectorPieces } from './sector-data.ts'
import { sectorFiles } from './sector-files.ts'

/** More would not fit into the registers of a core. */
export const SECTORS_TOGETHER_MAX = 4

/**
 * Gives the sealed sectors in the order of the inputs. Where one cannot be finished the others are, and then it throws.
 * @throws as sealSector
 */
export async function sealSectors(inputs: readonly SealInput[], options: SealOptions = {}): Promise<SealedSector[]> {
  checkTogether(inputs)
  options.signal?.throwIfAborted()
  const found = await Promise.all(inputs.map(findSector))
  const { kernel } = openKernel()
  const open = inputs.flatMap((input, position) => (sealedOf(found[position]) ? [] : [{ input, position }]))
  const begun = await beginSectors(kernel, open, found, options)
  const labelled = await labelSectors(kernel, begun, options)
  const finished = await finishSectors(kernel, labelled, options)
  return inputs.map((_, position) => sealedOf(found[position]) ?? finished.get(position)!)
}

function checkTogether(inputs: readonly SealInput[]): void {
  const [first] = inputs
  if (first === undefined || inputs.length > SECTORS_TOGETHER_MAX)
    throw new SealInputError(`${inputs.length} sectors are not 1 to ${SECTORS_TOGETHER_MAX} to seal together`)
  inputs.forEach(checkSealInput)
  const { profile, parentsDir } = first
  const alike = (input: SealInput) =>
    input.profile.nodes === profile.nodes &&
    input.profile.layers === profile.layers &&
    equalBytes(input.profile.porepId, profile.porepId) &&
    input.parentsDir === parentsDir
  if (!inputs.every(alike))
    throw new SealInputError('sectors of different profiles or parents tables are not sealed together')
  if (new Set(inputs.map((input) => resolve(input.dir))).size < inputs.length)
    throw new SealInputError('two sectors have the same folder')
}

/** What the folder holds. A sealed sector without its replica is sealed again from its layers, or is lost. */
async function findSector(input: SealInput): Promise<Manifest | undefined> {
  const manifest = await readManifest(input.dir)
  if (manifest === undefined) return undefined
  checkIdentity(input.dir, manifest, input)
  if (manifest.state === 'sealing' || (await hasReplica(input))) return manifest
  if (manifest.state === 'finalized') throw new SectorDamagedError(input.dir, 'its replica is missing or cut')
  const { commC: _, commRLast: __, replicaSha256: ___, ...rest } = manifest
  return { ...rest, state: 'sealing' }
}

async function hasReplica({ dir, profile }: SealInput): Promise<boolean> {
  const { replica, treeR, treeD } = sectorFiles(dir)
  const sizes = await Promise.all(
    [replica, treeR, treeD].map(async (path) => (await stat(path).catch(() => undefined))?.size),
  )
  return sizes[0] === profile.sectorBytes && sizes[1] !== undefined && sizes[2] !== undefined
}

function sealedOf(manifest: Manifest | undefined): SealedSector | undefined {
  return manifest && sealedSectorOf(manifest)
}

async function beginSectors(
  kernel: Kernel,
  open: readonly { input: SealInput; position: number }[],
  found: readonly (Manifest | undefined)[],
  options: SealOptions,
): Promise<LabelledSector[]> {
  if (open.length === 0) return []
  const { profile, parentsDir } = open[0]!.input
  const placed = await Promise.all(open.map(({ input }) => placeSectorPieces(input.pieces, profile.sectorBytes)))
  const dirs = open.map(({ input }) => input.dir)
  await requireDisk(profile, dirs, parentsDir)
  requireMemory(profile, open.length)
  const begun: LabelledSector[] = []
  for (const [i, { input, position }] of open.entries()) {
    await mkdir(input.dir, { recursive: true })
    await removeTemporaries(input.dir)
    const manifest = found[position] ?? (await beginManifest(kernel, input, placed[i]!, options))
    begun.push({ input, position, pieces: placed[i]!, manifest })
  }
  return begun
}

async function beginManifest(
  kernel: Kernel,
  input: SealInput,
  placed: readonly PlacedPiece[],
  { signal }: SealOptions,
): Promise<Manifest> {
  const { profile, provider, proverId, sectorNumber, ticket } = input
  const commD = await kernel.commitData({ nodes: profile.nodes, pieces: placed, signal })
  const replicaId = replicaIdOf({
    proverId: proverId ?? proverIdOf(provider),
    sectorNumber,
    ticket,
    commD,
    porepId: profile.porepId,
  })
  const pieces = input.pieces.map(({ payloadSize, paddedSize }) => ({ payloadSize, paddedSize }))
  const manifest: Manifest = {
    state: 'sealing',
    profile,
    provider,
    ...(proverId && { proverId }),
    sectorNumber,
    ticket,
    pieces,
    commD,
    replicaId,
    layers: [],
  }
  await writeManifest(input.dir, manifest)
  return manifest
}

/** Each on its own: one whose pieces were changed does not keep the others from being finished. */
async function finishSectors(
  kernel: Kernel,
  labelled: readonly LabelledSector[],
  options: SealOptions,
): Promise<Map<number, SealedSector>> {
  const finished = new Map<number, SealedSector>()
  const failures: unknown[] = []
  for (const sector of labelled) {
    options.signal?.throwIfAborted()
    await sealTrees(kernel, sector, options).then(
      (sealed) => finished.set(sector.position, sealed),
      (error: unknown) => failures.push(error),
    )
  }
  if (failures.length > 0) throw failures[0]
  return finished
}
