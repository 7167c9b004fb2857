/**
 * What a sector's folder holds and how far its sealing has come. A step is finished when the manifest says so; the
 * manifest is replaced whole, so a kill leaves the one before.
 */
import { readFile } from 'node:fs/promises'
import { GranaryError } from '@granary/base'
import { writeFileDurably } from '@granary/base/node'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { type Profile, profileNamed } from '../spec/profile.ts'
import { sectorFiles } from './sector-files.ts'

/** Of the file, and of what lies beside it. */
export const MANIFEST_VERSION = 2
const HEX = /^([0-9a-f]{2})*$/

export interface ManifestPiece {
  readonly payloadSize: number
  readonly paddedSize: number
}

/** What the sector is: fixed when its sealing begins. */
export interface SectorIdentity {
  readonly profile: Profile
  readonly provider: number
  /** Where it is not that of the number. */
  readonly proverId?: Uint8Array
  readonly sectorNumber: number
  readonly ticket: Uint8Array
  readonly pieces: readonly ManifestPiece[]
}

export interface Manifest extends SectorIdentity {
  /** sealing → sealed (all commitments known) → finalized (layers and treeC dropped). */
  readonly state: 'sealing' | 'sealed' | 'finalized'
  readonly commD: Uint8Array
  readonly replicaId: Uint8Array
  /** SHA-256 in hex of each finished layer. */
  readonly layers: readonly string[]
  readonly commC?: Uint8Array
  readonly commRLast?: Uint8Array
  /** In hex. */
  readonly replicaSha256?: string
}

export class ManifestError extends GranaryError {
  constructor(path: string, why: string, cause?: unknown) {
    super({
      code: 'MANIFEST_INVALID',
      message: `${path} ${why}`,
      hint: 'the folder was changed from outside or is no sector: restore it, or remove it and seal the sector again',
      cause,
    })
  }
}

/** Undefined when the folder holds none. @throws ManifestError MANIFEST_INVALID */
export async function readManifest(dir: string): Promise<Manifest | undefined> {
  const path = sectorFiles(dir).manifest
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  try {
    return fromJson(JSON.parse(text) as Record<string, unknown>)
  } catch (cause) {
    throw new ManifestError(path, 'cannot be read as a manifest', cause)
  }
}

/** @throws ManifestError MANIFEST_INVALID when there is none */
export async function requireManifest(dir: string): Promise<Manifest> {
  const manifest = await readManifest(dir)
  if (manifest === undefined) throw new ManifestError(sectorFiles(dir).manifest, 'is missing')
  return manifest
}

export async function writeManifest(dir: string, manifest: Manifest): Promise<void> {
  await writeFileDurably(sectorFiles(dir).manifest, Buffer.from(`${JSON.stringify(toJson(manifest), null, 2)}\n`))
}

function toJson(manifest: Manifest): object {
  const { profile, proverId, commC, commRLast } = manifest
  return {
    version: MANIFEST_VERSION,
    ...manifest,
    profile: { ...profile, porepId: bytesToHex(profile.porepId) },
    ...(proverId && { proverId: bytesToHex(proverId) }),
    ticket: bytesToHex(manifest.ticket),
    commD: bytesToHex(manifest.commD),
    replicaId: bytesToHex(manifest.replicaId),
    ...(commC && { commC: bytesToHex(commC) }),
    ...(commRLast && { commRLast: bytesToHex(commRLast) }),
  }
}

function fromJson(json: Record<string, unknown>): Manifest {
  if (json.version !== MANIFEST_VERSION) throw new TypeError(`version ${json.version}, expected ${MANIFEST_VERSION}`)
  const { state } = json
  if (state !== 'sealing' && state !== 'sealed' && state !== 'finalized') throw new TypeError(`state ${state}`)
  return {
    state,
    profile: profileFrom(json.profile as Record<string, unknown>),
    provider: integer(json.provider),
    ...(json.proverId !== undefined && { proverId: bytes32(json.proverId) }),
    sectorNumber: integer(json.sectorNumber),
    ticket: bytes32(json.ticket),
    pieces: (json.pieces as Record<string, unknown>[]).map((piece) => ({
      payloadSize: integer(piece.payloadSize),
      paddedSize: integer(piece.paddedSize),
    })),
    commD: bytes32(json.commD),
    replicaId: bytes32(json.replicaId),
    layers: (json.layers as unknown[]).map((digest) => bytesToHex(bytes32(digest))),
    ...(json.commC !== undefined && { commC: bytes32(json.commC) }),
    ...(json.commRLast !== undefined && { commRLast: bytes32(json.commRLast) }),
    ...(json.replicaSha256 !== undefined && { replicaSha256: bytesToHex(bytes32(json.replicaSha256)) }),
  }
}

function profileFrom(json: Record<string, unknown>): Profile {
  return {
    name: json.name === 'custom' ? 'custom' : profileNamed(String(json.name)).name,
    sectorBytes: integer(json.sectorBytes),
    nodes: integer(json.nodes),
    layers: integer(json.layers),
    challenges: integer(json.challenges),
    porepId: bytes32(json.porepId),
    insecure: json.insecure === true,
  }
}

function bytes32(value: unknown): Uint8Array {
  if (typeof value !== 'string' || value.length !== 64 || !HEX.test(value)) throw new TypeError('not 32 bytes of hex')
  return hexToBytes(value)
}

function integer(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new TypeError(`${value} is not a whole number`)
  return value as number
}
