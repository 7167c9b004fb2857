/**
 * A sector profile as a chain takes it: what it is, said in full, so that the hash of a genesis holds it whatever else a
 * program knows; and how long its challenges may be answered. docs/spec/chain.md section 5.
 */
import { equalBytes, fromHex, type Hex, toHex } from '@granary/base'
import { isProfileName, type NamedProfile, profileNamed } from '@granary/proofs/profile'
import { epochs, hexBytes, text, uint } from '../codec/field.ts'
import { type Struct, struct } from '../codec/struct.ts'

export interface ChainProfile {
  readonly name: string
  readonly nodes: number
  readonly layers: number
  /** Of a proof of replication. */
  readonly challenges: number
  /** 32 bytes. */
  readonly porepId: Hex
  /** Epochs in which a challenge may be answered. */
  readonly responseWindow: number
}

export interface ChainProfileJson {
  readonly name: string
  readonly nodes: number
  readonly layers: number
  readonly challenges: number
  readonly porepId: string
  readonly responseWindow: string
}

export const chainProfile: Struct<ChainProfile, ChainProfileJson> = struct<ChainProfile, ChainProfileJson>(
  'ChainProfile',
  {
    name: text(32),
    nodes: uint(53),
    layers: uint(16),
    challenges: uint(32),
    porepId: hexBytes(32),
    responseWindow: epochs,
  },
)

export function chainProfileOf(
  { name, nodes, layers, challenges, porepId }: NamedProfile,
  responseWindow: number,
): ChainProfile {
  return { name, nodes, layers, challenges, porepId: toHex(porepId), responseWindow }
}

/** The program's own of that name, if it is the same; undefined: this program cannot prove or verify such sectors. */
export function knownProfile(of: ChainProfile): NamedProfile | undefined {
  if (!isProfileName(of.name)) return undefined
  const own = profileNamed(of.name)
  const isSame =
    own.nodes === of.nodes &&
    own.layers === of.layers &&
    own.challenges === of.challenges &&
    equalBytes(own.porepId, fromHex(of.porepId))
  return isSame ? own : undefined
}
