/**
 * Sealing: pieces → labels → columns and trees → replica (docs/spec/proofs.md sections 6 and 7). Each step writes to a
 * temporary name, syncs, renames, and enters the manifest; a second call on the same folder goes on from there.
 */
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { GranaryError } from '@granary/errors'
import { equalBytes } from '../bytes.ts'
import { ensureParentsTable } from '../graph/parents-table.ts'
import { commitFile } from '../io/commit-file.ts'
import { digestFile } from '../io/digest-file.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { openKernel } from '../kernel/open-kernel.ts'
import type { Profile } from '../profile.ts'
import { commROf } from './commitments.ts'
import { computeSectorCommD } from './compute-sector-comm-d.ts'
import { encodeReplica } from './encode-replica.ts'
import { hashLayerColumns } from './hash-layer-columns.ts'
import { type Manifest, readManifest, type SectorIdentity, writeManifest } from './manifest.ts'
import { proverIdOf, replicaIdOf } from './replica-id.ts'
import { openSectorData, type ReadSectorData, type SectorPiece } from './sector-data.ts'
import { sectorFiles } from './sector-files.ts'

export interface SealInput {
  readonly profile: Profile
  readonly provider: number
  /** 32 bytes, where no provider's number has them. @default those of `provider` */
  readonly proverId?: Uint8Array | undefined
  readonly sectorNumber: number
  /** 32 bytes. */
  readonly ticket: Uint8Array
  /** In sector order; they lie where placePieces says, and the rest is zeros. */
  readonly pieces: readonly SectorPiece[]
  /** The sector's own folder. One process at a time. */
  readonly dir: string
  /** Shared by all sectors and processes. */
  readonly parentsDir: string
}

export interface SealedSector {
  readonly commD: Uint8Array
  readonly commR: Uint8Array
  readonly commC: Uint8Array
  readonly commRLast: Uint8Array
  readonly replicaId: Uint8Array
  /** In hex, of layers 1 … L. */
  readonly layerSha256: readonly string[]
  readonly replicaSha256: string
}

export type SealProgress =
  | { readonly type: 'seal:parents'; readonly done: number; readonly total: number }
  | { readonly type: 'seal:layer'; readonly layer: number; readonly layers: number }
  | { readonly type: 'seal:trees' }
  | { readonly type: 'seal:encode' }
  | { readonly type: 'seal:done' }

export interface SealOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: SealProgress) => void) | undefined
}

const NO_BYTES = new Uint8Array(0)

interface Sealing {
  readonly kernel: Kernel
  readonly input: SealInput
  readonly options: SealOptions
}

export class SealInputError extends GranaryError {
  constructor(message: string) {
    super({
      code: 'SEAL_INPUT_INVALID',
      message,
      hint: 'ticket and prover id are 32 bytes; provider and sector number are whole numbers from 0',
      retryable: false,
    })
  }
}

export class SectorFolderError extends GranaryError {
  constructor(dir: string, what: string) {
    super({
      code: 'SECTOR_DIR_MISMATCH',
      message: `${dir} holds another sector: its ${what} differs`,
      hint: 'give each sector a folder of its own, or remove this one to seal anew',
      retryable: false,
    })
  }
}

export class SectorDataChangedError extends GranaryError {
  constructor(dir: string) {
    super({
      code: 'SECTOR_DATA_CHANGED',
      message: `the pieces of the sector in ${dir} are not those that its sealing began with`,
      hint: 'restore the piece files, or remove the folder and seal the sector anew',
      retryable: false,
    })
  }
}

/**
 * Idempotent: on a folder that is sealed or finalized it returns at once.
 * @throws SealInputError, PieceFileError, PiecesDoNotFitError, SectorFolderError, SectorDataChangedError, KernelError
 */
export async function sealSector(input: SealInput, options: SealOptions = {}): Promise<SealedSector> {
  checkInput(input)
  options.signal?.throwIfAborted()
  const found = await readManifest(input.dir)
  if (found !== undefined) checkIdentity(input.dir, found, input)
  const done = found && sealedSectorOf(found)
  if (done !== undefined) return done

  const sealing: Sealing = { kernel: openKernel().kernel, input, options }
  const data = await openSectorData(input.pieces, input.profile.sectorBytes)
  await mkdir(input.dir, { recursive: true })
  await removeTemporaries(input.dir)
  const begun = found ?? (await beginManifest(sealing, data))
  const labelled = await sealLayers(sealing, begun)
  return await sealTrees(sealing, labelled, data)
}

/** The commitments, once all of them are known. */
export function sealedSectorOf(manifest: Manifest): SealedSector | undefined {
  const { commD, commC, commRLast, replicaId, state, layers: layerSha256, replicaSha256 } = manifest
  if (state === 'sealing' || commC === undefined || commRLast === undefined || replicaSha256 === undefined)
    return undefined
  return { commD, commR: commROf(commC, commRLast), commC, commRLast, replicaId, layerSha256, replicaSha256 }
}

async function beginManifest({ kernel, input, options }: Sealing, data: ReadSectorData): Promise<Manifest> {
  const { profile, provider, proverId, sectorNumber, ticket } = input
  const commD = await computeSectorCommD(kernel, data, profile.sectorBytes, options.signal)
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

async function sealLayers({ kernel, input, options }: Sealing, begun: Manifest): Promise<Manifest> {
  const { profile, dir } = input
  const { signal, onProgress } = options
  const files = sectorFiles(dir)
  const parentsPath = await ensureParentsTable(
    { kernel, porepId: profile.porepId, nodes: profile.nodes, folder: input.parentsDir },
    { signal, onProgress: (done, total) => onProgress?.({ type: 'seal:parents', done, total }) },
  )
  let manifest = begun
  for (let layer = 1; layer <= profile.layers; layer += 1) {
    const path = files.layer(layer)
    const known = manifest.layers[layer - 1]
    // A layer that was damaged since is made again; those after it were made from the sound one.
    if (known !== undefined && (await digestFile(path, signal)) === known) continue
    const temporary = `${path}.tmp`
    const previousPath = layer === 1 ? undefined : files.layer(layer - 1)
    const { replicaId } = manifest
    await kernel.labelLayer({
      replicaId,
      layer,
      nodes: profile.nodes,
      parentsPath,
      previousPath,
      outPath: temporary,
      signal,
    })
    const digest = await digestFile(temporary, signal)
    await commitFile(temporary, path)
    manifest = { ...manifest, layers: manifest.layers.toSpliced(layer - 1, 1, digest!) }
    await writeManifest(dir, manifest)
    onProgress?.({ type: 'seal:layer', layer, layers: profile.layers })
  }
  return manifest
}

async function sealTrees(
  { kernel, input, options }: Sealing,
  labelled: Manifest,
  data: ReadSectorData,
): Promise<SealedSector> {
  const { dir, profile } = input
  const { signal, onProgress } = options
  onProgress?.({ type: 'seal:trees' })
  const commC = await hashLayerColumns({ kernel, dir, profile, signal })
  onProgress?.({ type: 'seal:encode' })
  const { commD, commRLast, replicaSha256 } = await encodeReplica({ kernel, dir, profile, data, signal })
  if (!equalBytes(commD, labelled.commD)) throw new SectorDataChangedError(dir)
  const sealed: Manifest = { ...labelled, state: 'sealed', commC, commRLast, replicaSha256 }
  await writeManifest(dir, sealed)
  onProgress?.({ type: 'seal:done' })
  return sealedSectorOf(sealed)!
}

function checkInput({ ticket, provider, proverId, sectorNumber }: SealInput): void {
  if (proverId !== undefined && proverId.length !== 32)
    throw new SealInputError(`the prover id has ${proverId.length} bytes`)
  if (ticket.length !== 32) throw new SealInputError(`the ticket has ${ticket.length} bytes`)
  for (const [name, value] of Object.entries({ provider, sectorNumber }))
    if (!Number.isSafeInteger(value) || value < 0) throw new SealInputError(`${name} is ${value}`)
}

function checkIdentity(dir: string, found: SectorIdentity, input: SealInput): void {
  const same: Record<string, boolean> = {
    provider: found.provider === input.provider,
    'prover id': equalBytes(found.proverId ?? NO_BYTES, input.proverId ?? NO_BYTES),
    'sector number': found.sectorNumber === input.sectorNumber,
    ticket: equalBytes(found.ticket, input.ticket),
    profile:
      found.profile.nodes === input.profile.nodes &&
      found.profile.layers === input.profile.layers &&
      equalBytes(found.profile.porepId, input.profile.porepId),
    'list of pieces':
      found.pieces.length === input.pieces.length &&
      found.pieces.every(
        (piece, i) =>
          piece.paddedSize === input.pieces[i]!.paddedSize && piece.payloadSize === input.pieces[i]!.payloadSize,
      ),
  }
  for (const [what, equal] of Object.entries(same)) if (!equal) throw new SectorFolderError(dir, what)
}

/** What a killed step left. */
async function removeTemporaries(dir: string): Promise<void> {
  for (const name of await readdir(dir)) if (name.endsWith('.tmp')) await rm(join(dir, name))
}
