/**
 * Sector profiles: how large a sector is and how hard it is to make. docs/spec/proofs.md section 3.
 * Functions take the profile itself, so a vector may bring its own nodes, layers and porep id.
 */
import { GranaryError } from '@granary/errors'

export const NODE_BYTES = 32

export type ProfileName = '2KiB-test' | '8MiB-dev' | '512MiB' | '4GiB' | '32GiB' | '64GiB'

export interface Profile {
  readonly name: ProfileName
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

export class UnknownProfileError extends GranaryError {
  constructor(name: string) {
    super({
      code: 'PROFILE_UNKNOWN',
      message: `"${name}" is not a sector profile`,
      hint: `use one of ${Object.keys(profiles).join(', ')}`,
      retryable: false,
    })
  }
}

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB
const INSECURE = { layers: 2, insecure: true } as const
// 176 challenges and 11 layers are Filecoin's for its production sectors.
const PRODUCTION = { layers: 11, challenges: 176, insecure: false } as const

export const profiles: Readonly<Record<ProfileName, Profile>> = Object.freeze({
  '2KiB-test': { name: '2KiB-test', ...geometry(2 * KIB), ...INSECURE, challenges: 2, porepId: porepIdOf(5) },
  '8MiB-dev': { name: '8MiB-dev', ...geometry(8 * MIB), ...INSECURE, challenges: 16, porepId: porepIdOf(6) },
  '512MiB': { name: '512MiB', ...geometry(512 * MIB), ...PRODUCTION, porepId: porepIdOf(1001) },
  '4GiB': { name: '4GiB', ...geometry(4 * GIB), ...PRODUCTION, porepId: porepIdOf(1002) },
  '32GiB': { name: '32GiB', ...geometry(32 * GIB), ...PRODUCTION, porepId: porepIdOf(8) },
  '64GiB': { name: '64GiB', ...geometry(64 * GIB), ...PRODUCTION, porepId: porepIdOf(9) },
})

/** @throws UnknownProfileError PROFILE_UNKNOWN */
export function profileNamed(name: string): Profile {
  if (!Object.hasOwn(profiles, name)) throw new UnknownProfileError(name)
  return profiles[name as ProfileName]
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
