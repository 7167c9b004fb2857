/**
 * Sector profiles: how large a sector is, how hard it is to make, and what a chain has to know of it. All of a profile stands
 * in its declaration here, and nowhere else; a chain takes those that its genesis lists. docs/spec/proofs.md section 3.
 * Functions take the profile itself, so a vector may bring its own nodes, layers and porep id.
 */
import { GranaryError } from '@granary/base'
import { isPowerOfTwo } from './bytes.ts'

export const NODE_BYTES = 32

interface ProfileDeclaration {
  readonly name: string
  readonly sectorBytes: number
  readonly layers: number
  readonly challenges: number
  /** What its porep id is made of: no two profiles have the same. */
  readonly porep: number
  readonly insecure: boolean
  readonly responseMs: number
  readonly porepBytesMax: number
  /**
   * Which new chains list it by themselves. A block must have room for the answers of all that a chain lists, so not every
   * profile can be on all of them: one of `none` is on the chains into whose genesis somebody writes it.
   */
  readonly listedBy: 'all' | 'devnets' | 'none'
}

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB
// A reseal takes less time than any answer: their window only has to be long enough for slow machines.
const INSECURE = { layers: 2, insecure: true, responseMs: 10_000, listedBy: 'devnets' } as const
// 176 challenges and 11 layers are Filecoin's for its production sectors.
const PRODUCTION = { layers: 11, challenges: 176, insecure: false, listedBy: 'all' } as const
const MINUTE_MS = 60_000

const declarations = [
  { name: '2KiB-test', sectorBytes: 2 * KIB, ...INSECURE, challenges: 2, porep: 5, porepBytesMax: 4_000 },
  { name: '8MiB-dev', sectorBytes: 8 * MIB, ...INSECURE, challenges: 16, porep: 6, porepBytesMax: 96_000 },
  { name: '512MiB', sectorBytes: 512 * MIB, ...PRODUCTION, porep: 1001, responseMs: 14_000, porepBytesMax: 1_985_000 },
  { name: '4GiB', sectorBytes: 4 * GIB, ...PRODUCTION, porep: 1002, responseMs: 110_000, porepBytesMax: 2_230_000 },
  {
    name: '32GiB',
    sectorBytes: 32 * GIB,
    ...PRODUCTION,
    porep: 8,
    responseMs: 15 * MINUTE_MS,
    porepBytesMax: 2_470_000,
  },
  {
    name: '64GiB',
    sectorBytes: 64 * GIB,
    ...PRODUCTION,
    porep: 9,
    responseMs: 30 * MINUTE_MS,
    porepBytesMax: 2_550_000,
  },
] as const satisfies readonly ProfileDeclaration[]

export type ProfileName = (typeof declarations)[number]['name']

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

/** One of the list: what a chain may take. */
export interface NamedProfile extends Profile {
  readonly name: ProfileName
  /** How long a challenge may be answered, on a chain whose genesis does not say otherwise. */
  readonly responseMs: number
  /**
   * No proof of replication is longer: more than any of many that were drawn, since how much their paths share is a matter of
   * luck, within two hundredths.
   */
  readonly porepBytesMax: number
  /** Which new chains list it by themselves. */
  readonly listedBy: ProfileDeclaration['listedBy']
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

export const profiles: Readonly<Record<ProfileName, NamedProfile>> = Object.freeze(
  Object.fromEntries(declarations.map((each) => [each.name, profileOf(each)])) as Record<ProfileName, NamedProfile>,
)

/** @throws UnknownProfileError PROFILE_UNKNOWN */
export function profileNamed(name: string): NamedProfile {
  if (!isProfileName(name)) throw new UnknownProfileError(name)
  return profiles[name]
}

export function isProfileName(name: string): name is ProfileName {
  return Object.hasOwn(profiles, name)
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

function profileOf({ porep, ...declared }: (typeof declarations)[number]): NamedProfile {
  return { ...declared, nodes: declared.sectorBytes / NODE_BYTES, porepId: porepIdOf(porep) }
}

/** u64LE id ‖ u64LE nonce 0 ‖ 16 zero bytes. */
function porepIdOf(id: number): Uint8Array {
  const porepId = new Uint8Array(32)
  new DataView(porepId.buffer).setBigUint64(0, BigInt(id), true)
  return porepId
}
