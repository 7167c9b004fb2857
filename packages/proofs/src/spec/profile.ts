/**
 * Sector profiles: how large a sector is and how hard it is to make. docs/spec/proofs.md section 3.
 * Functions take the profile itself, so a vector may bring its own nodes, layers and porep id.
 */
import { GranaryError } from '@granary/base'
import { isPowerOfTwo } from './bytes.ts'

export const NODE_BYTES = 32

export type ProfileName = '2KiB-test' | '8MiB-dev' | '512MiB' | '4GiB' | '32GiB' | '64GiB'

export interface Profile {
  readonly name: ProfileName | 'custom'
  readonly sectorBytes: number
  /** `sectorBytes / 32`, a power of two. */
  readonly nodes: number
  readonly layers: number
  /** PoRep challenges. */
  readonly challenges: number
  /** 32 bytes; fixes the graph. */
  readonly porepId: Uint8Array
  /** A reseal is too fast to prove anything: a chain refuses such a profile unless its genesis allows it. */
  readonly insecure: boolean
}

/** One of the table: what a chain knows. */
export interface NamedProfile extends Profile {
  readonly name: ProfileName
}

export class UnknownProfileError extends GranaryError {
  constructor(name: string) {
    super({
      code: 'PROFILE_UNKNOWN',
      message: `"${name}" is not a sector profile`,
      hint: `use one of ${Object.keys(profiles).join(', ')}`,
    })
  }
}

/** What a verifier accepts too. */
const NODES_MIN = 4
const NODES_MAX = 2 ** 32
const LAYERS_MAX = 64
const CHALLENGES_MAX = 65_536

export class CustomProfileError extends GranaryError {
  constructor(what: string) {
    super({
      code: 'PROFILE_INVALID',
      message: `no sector can have ${what}`,
      hint: `a sector is a power of two of at least ${NODES_MIN * NODE_BYTES} bytes, with 1 to ${LAYERS_MAX} layers, 1 to ${CHALLENGES_MAX} challenges and a porep id of 32 bytes`,
    })
  }
}

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB
const INSECURE = { layers: 2, insecure: true } as const
// 176 challenges and 11 layers are Filecoin's for its production sectors.
const PRODUCTION = { layers: 11, challenges: 176, insecure: false } as const

export const profiles: Readonly<Record<ProfileName, NamedProfile>> = Object.freeze({
  '2KiB-test': { name: '2KiB-test', ...geometry(2 * KIB), ...INSECURE, challenges: 2, porepId: porepIdOf(5) },
  '8MiB-dev': { name: '8MiB-dev', ...geometry(8 * MIB), ...INSECURE, challenges: 16, porepId: porepIdOf(6) },
  '512MiB': { name: '512MiB', ...geometry(512 * MIB), ...PRODUCTION, porepId: porepIdOf(1001) },
  '4GiB': { name: '4GiB', ...geometry(4 * GIB), ...PRODUCTION, porepId: porepIdOf(1002) },
  '32GiB': { name: '32GiB', ...geometry(32 * GIB), ...PRODUCTION, porepId: porepIdOf(8) },
  '64GiB': { name: '64GiB', ...geometry(64 * GIB), ...PRODUCTION, porepId: porepIdOf(9) },
})

/** @throws UnknownProfileError PROFILE_UNKNOWN */
export function profileNamed(name: string): NamedProfile {
  if (!Object.hasOwn(profiles, name)) throw new UnknownProfileError(name)
  return profiles[name as ProfileName]
}

/**
 * Parameters of one's own, for vectors and experiments; no chain takes such sectors.
 * @param input.sectorBytes a power of two ≥ 128
 * @throws CustomProfileError PROFILE_INVALID
 */
export function customProfile(input: Pick<Profile, 'sectorBytes' | 'layers' | 'challenges' | 'porepId'>): Profile {
  const { sectorBytes, layers, challenges, porepId } = input
  const nodes = sectorBytes / NODE_BYTES
  if (!isPowerOfTwo(nodes) || nodes < NODES_MIN || nodes > NODES_MAX)
    throw new CustomProfileError(`${sectorBytes} bytes`)
  if (!isCount(layers, LAYERS_MAX)) throw new CustomProfileError(`${layers} layers`)
  if (!isCount(challenges, CHALLENGES_MAX)) throw new CustomProfileError(`${challenges} challenges`)
  if (porepId.length !== 32) throw new CustomProfileError(`a porep id of ${porepId.length} bytes`)
  return { name: 'custom', sectorBytes, nodes, layers, challenges, porepId: porepId.slice(), insecure: true }
}

function isCount(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= max
}

function geometry(sectorBytes: number): { sectorBytes: number; nodes: number } {
  return { sectorBytes, nodes: sectorBytes / NODE_BYTES }
}

/** u64LE id ‖ u64LE nonce 0 ‖ 16 zero bytes. */
function porepIdOf(id: number): Uint8Array {
  const porepId = new Uint8Array(32)
  new DataView(porepId.buffer).setBigUint64(0, BigInt(id), true)
  return porepId
}
