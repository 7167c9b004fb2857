/**
 * The PoRep prover: opens what the challenges ask for from a sealed sector's layers, trees and replica
 * (docs/spec/proofs.md section 8).
 */
import type { FileHandle } from 'node:fs/promises'
import { GranaryError } from '@granary/base'
import { readExactly } from '../io/read-exactly.ts'
import { readTreeNodes } from '../io/stored-tree.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { openKernel } from '../kernel/open-kernel.ts'
import { SectorNotSealedError } from '../seal/finalize-sector.ts'
import { type Manifest, requireManifest } from '../seal/manifest.ts'
import { openSectorFile, SectorDamagedError } from '../seal/open-sector-file.ts'
import { readColumns, withLayers } from '../seal/read-columns.ts'
import { sealedSectorOf } from '../seal/seal-input.ts'
import { sectorFiles } from '../seal/sector-files.ts'
import { concatBytes } from '../spec/bytes.ts'
import { POREP_MAGIC, type PoRepLayout, porepLayout } from '../spec/porep-layout.ts'
import { NODE_BYTES } from '../spec/profile.ts'
import { isProfile } from '../spec/valid-input.ts'
import { verifyPoRep } from '../verify/verify-porep.ts'

export class SectorFinalizedError extends GranaryError {
  constructor(dir: string) {
    super({
      code: 'SECTOR_FINALIZED',
      message: `the layers of the sector in ${dir} were dropped`,
      hint: 'its PoRep was accepted before: a PoSt proves it from now on',
    })
  }
}

export class PoRepInputError extends GranaryError {
  constructor(message: string) {
    super({
      code: 'POREP_INPUT_INVALID',
      message,
      hint: 'the seed is the 32 bytes that were drawn after the commitment; challenges are 1 to 65,536',
    })
  }
}

export interface ProvePoRepInput {
  readonly dir: string
  /** 32 bytes, drawn after CommR was on the chain. */
  readonly seed: Uint8Array
  /** Not read: a few thousand parents are computed as fast as they would be found. */
  readonly parentsDir: string
  /** As many as the verifier will ask for. @default those of the sector's profile */
  readonly challenges?: number | undefined
}

interface Opening {
  readonly kernel: Kernel
  readonly manifest: Manifest
  readonly layout: PoRepLayout
  readonly layers: readonly FileHandle[]
  readonly replica: FileHandle
  readonly treeC: FileHandle
  readonly treeD: FileHandle
  readonly treeR: FileHandle
}

/**
 * The bundle, verified before it is returned.
 * @throws PoRepInputError, SectorNotSealedError, SectorFinalizedError, SectorDamagedError (with the verifier's reason), ManifestError
 */
export async function provePoRep(
  { dir, seed, challenges }: ProvePoRepInput,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<Uint8Array> {
  if (seed.length !== 32) throw new PoRepInputError(`the seed has ${seed.length} bytes`)
  const manifest = await requireManifest(dir)
  const sealed = sealedSectorOf(manifest)
  if (sealed === undefined) throw new SectorNotSealedError(dir)
  if (manifest.state === 'finalized') throw new SectorFinalizedError(dir)
  const profile = { ...manifest.profile, challenges: challenges ?? manifest.profile.challenges }
  if (!isProfile(profile)) throw new PoRepInputError(`there are ${challenges} challenges to answer`)
  const statement = { ...manifest, profile, seed }
  const layout = porepLayout(statement)
  const bundle = await withLayers(dir, manifest.profile.layers, async (layers) => {
    const files = sectorFiles(dir)
    await using stack = new AsyncDisposableStack()
    const openFile = async (path: string) => stack.use(await openSectorFile(dir, path))
    const parts = await openAll(
      {
        kernel: openKernel().kernel,
        manifest,
        layout,
        layers,
        replica: await openFile(files.replica),
        treeC: await openFile(files.treeC),
        treeD: await openFile(files.treeD),
        treeR: await openFile(files.treeR),
      },
      options.signal,
    )
    return concatBytes([POREP_MAGIC, sealed.commC, sealed.commRLast, ...parts])
  })
  const verdict = verifyPoRep({ ...statement, commR: sealed.commR, bundle })
  if (!verdict.ok) throw new SectorDamagedError(dir, verdict.reason)
  return bundle
}

async function openAll(opening: Opening, signal: AbortSignal | undefined): Promise<Uint8Array[]> {
  const parts: Uint8Array[] = []
  for (const read of [readOpenedColumns, readColumnSiblings, readData, readDataSiblings, readReplicaSiblings]) {
    signal?.throwIfAborted()
    parts.push(await read(opening))
  }
  return parts
}

async function readOpenedColumns({ layout, layers }: Opening): Promise<Uint8Array> {
  const columns: Uint8Array[] = []
  for (const node of layout.opened)
    columns.push(...(await Promise.all(layers.map((file) => readExactly(file, node * NODE_BYTES, NODE_BYTES)))))
  return concatBytes(columns)
}

function readColumnSiblings({ kernel, manifest, layout, treeC, layers }: Opening): Promise<Uint8Array> {
  return readTreeNodes({
    file: treeC,
    leafCount: manifest.profile.nodes,
    positions: layout.openedSiblings,
    readLeaves: (first, count) => readColumns(kernel, layers, first * NODE_BYTES, count * NODE_BYTES),
    hash: kernel.hashPairs,
  })
}

async function readData(opening: Opening): Promise<Uint8Array> {
  const nodes: Uint8Array[] = []
  for (const node of opening.layout.challenges) nodes.push(await decodeNodes(opening, node, 1))
  return concatBytes(nodes)
}

function readDataSiblings(opening: Opening): Promise<Uint8Array> {
  return readTreeNodes({
    file: opening.treeD,
    leafCount: opening.manifest.profile.nodes,
    positions: opening.layout.challengeSiblings,
    readLeaves: (first, count) => decodeNodes(opening, first, count),
    hash: opening.kernel.hashPairs254,
  })
}

function readReplicaSiblings(opening: Opening): Promise<Uint8Array> {
  return readTreeNodes({
    file: opening.treeR,
    leafCount: opening.manifest.profile.nodes,
    positions: opening.layout.challengeSiblings,
    readLeaves: (first, count) => readExactly(opening.replica, first * NODE_BYTES, count * NODE_BYTES),
    hash: opening.kernel.hashPairs,
  })
}

/** The data is not stored: it is the replica without the key. */
async function decodeNodes({ kernel, layers, replica }: Opening, first: number, count: number): Promise<Uint8Array> {
  const nodes = await readExactly(replica, first * NODE_BYTES, count * NODE_BYTES)
  kernel.subtractNodes(nodes, await readExactly(layers.at(-1)!, first * NODE_BYTES, count * NODE_BYTES), nodes)
  return nodes
}
