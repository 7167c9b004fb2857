/** What sealing is given and gives, and what it refuses. docs/spec/proofs.md sections 4, 6 and 7. */
import { equalBytes, GranaryError } from '@granary/base'
import { commROf } from '../spec/commitments.ts'
import type { Profile } from '../spec/profile.ts'
import type { Manifest, SectorIdentity } from './manifest.ts'
import type { SectorPiece } from './sector-data.ts'

const NO_BYTES = new Uint8Array(0)

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
  /** Where a layer begins, which may be in its middle; then about twice a second. */
  | {
      readonly type: 'seal:labels'
      readonly layer: number
      readonly layers: number
      readonly done: number
      readonly total: number
    }
  | { readonly type: 'seal:trees' }
  | { readonly type: 'seal:encode' }
  | { readonly type: 'seal:done' }

export interface SealOptions {
  readonly signal?: AbortSignal | undefined
  /** `position` is that of the sector among those sealed together; the table of parents is everyone's. */
  readonly onProgress?: ((progress: SealProgress, position: number) => void) | undefined
}

export class SealInputError extends GranaryError {
  constructor(message: string) {
    super({
      code: 'SEAL_INPUT_INVALID',
      message,
      hint: 'ticket and prover id are 32 bytes; provider and sector number are whole numbers from 0',
    })
  }
}

export class SectorFolderError extends GranaryError {
  constructor(dir: string, what: string) {
    super({
      code: 'SECTOR_DIR_MISMATCH',
      message: `${dir} holds another sector: its ${what} differs`,
      hint: 'give each sector a folder of its own, or remove this one to seal anew',
    })
  }
}

export class SectorDataChangedError extends GranaryError {
  constructor(dir: string) {
    super({
      code: 'SECTOR_DATA_CHANGED',
      message: `the pieces of the sector in ${dir} are not those that its sealing began with`,
      hint: 'restore the piece files, or remove the folder and seal the sector anew',
    })
  }
}

/** The commitments, once all of them are known. */
export function sealedSectorOf(manifest: Manifest): SealedSector | undefined {
  const { commD, commC, commRLast, replicaId, state, layers: layerSha256, replicaSha256 } = manifest
  if (state === 'sealing' || commC === undefined || commRLast === undefined || replicaSha256 === undefined)
    return undefined
  return { commD, commR: commROf(commC, commRLast), commC, commRLast, replicaId, layerSha256, replicaSha256 }
}

/** @throws SealInputError */
export function checkSealInput({ ticket, provider, proverId, sectorNumber }: SealInput): void {
  if (proverId !== undefined && proverId.length !== 32)
    throw new SealInputError(`the prover id has ${proverId.length} bytes`)
  if (ticket.length !== 32) throw new SealInputError(`the ticket has ${ticket.length} bytes`)
  for (const [name, value] of Object.entries({ provider, sectorNumber }))
    if (!Number.isSafeInteger(value) || value < 0) throw new SealInputError(`${name} is ${value}`)
}

/** @throws SectorFolderError */
export function checkIdentity(dir: string, found: SectorIdentity, input: SealInput): void {
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
