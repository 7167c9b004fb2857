/**
 * After the labels: columns and treeC, then data and key → replica, treeR, treeD. docs/spec/proofs.md section 7.
 * Until they are whole these files have names of their own, so that another who seals the same sector writes to others.
 */

import { stat } from 'node:fs/promises'
import { equalBytes } from '@granary/base'
import { moveFile, nameBeside } from '@granary/base/node'
import { digestFile } from '../io/digest-file.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { type Manifest, writeManifest } from './manifest.ts'
import { type SealedSector, type SealOptions, SectorDataChangedError, sealedSectorOf } from './seal-input.ts'
import type { LabelledSector } from './seal-labels.ts'
import { sectorFiles } from './sector-files.ts'

export async function sealTrees(kernel: Kernel, sector: LabelledSector, options: SealOptions): Promise<SealedSector> {
  const { dir } = sector.input
  const { signal, onProgress } = options
  onProgress?.({ type: 'seal:trees' }, sector.position)
  const manifest = await commitToColumns(kernel, sector, signal)
  onProgress?.({ type: 'seal:encode' }, sector.position)
  const { commD, commRLast, replicaSha256 } = await encodeReplica(kernel, sector, signal)
  if (!equalBytes(commD, manifest.commD)) throw new SectorDataChangedError(dir)
  const sealed: Manifest = { ...manifest, state: 'sealed', commRLast, replicaSha256 }
  await writeManifest(dir, sealed)
  onProgress?.({ type: 'seal:done' }, sector.position)
  return sealedSectorOf(sealed)!
}

async function commitToColumns(
  kernel: Kernel,
  { input, manifest }: LabelledSector,
  signal: AbortSignal | undefined,
): Promise<Manifest> {
  const { dir, profile } = input
  const files = sectorFiles(dir)
  const isThere = (await stat(files.treeC).catch(() => undefined)) !== undefined
  if (manifest.commC !== undefined && isThere) return manifest
  const layerPaths = Array.from({ length: profile.layers }, (_, i) => files.layer(i + 1))
  const treePath = nameBeside(files.treeC, 'tmp')
  const commC = await kernel.commitColumns({ nodes: profile.nodes, layerPaths, treePath, signal })
  await moveFile(treePath, files.treeC)
  const committed = { ...manifest, commC }
  await writeManifest(dir, committed)
  return committed
}

async function encodeReplica(
  kernel: Kernel,
  { input, pieces }: LabelledSector,
  signal: AbortSignal | undefined,
): Promise<{ commD: Uint8Array; commRLast: Uint8Array; replicaSha256: string }> {
  const { dir, profile } = input
  const files = sectorFiles(dir)
  const besides = [files.replica, files.treeR, files.treeD].map((path) => nameBeside(path, 'tmp'))
  const [replicaPath, treeRPath, treeDPath] = besides as [string, string, string]
  const keyPath = files.layer(profile.layers)
  const roots = await kernel.encode({
    nodes: profile.nodes,
    pieces,
    keyPath,
    replicaPath,
    treeRPath,
    treeDPath,
    signal,
  })
  const replicaSha256 = (await digestFile(replicaPath, signal))!
  await moveFile(treeRPath, files.treeR)
  await moveFile(treeDPath, files.treeD)
  await moveFile(replicaPath, files.replica)
  return { ...roots, replicaSha256 }
}
