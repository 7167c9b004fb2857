/**
 * The one seam of the simulation: proofs of sectors of 32 GiB, without the sectors. A proof is made from a provider's disk:
 * for each sample that the chain draws, whether the disk holds it; the rest of its real length is zeros. The verifier draws
 * the same samples from the same randomness, as the real one does, and refuses when one is missing. So a share f that is not
 * there is found with the exact probability 1 − (1 − f)ⁿ. What is assumed: nobody can make an opening of what is not there.
 */
import { type Profile, profileNamed } from '@granary/proofs/profile'
import {
  drawSamples,
  type PoRepInput,
  type PostChallenge,
  type PostInput,
  postBundleBytes,
  type Verdict,
} from '@granary/proofs/verify'
import type { Disk } from './disk.ts'

/** Filecoin's production sector, that of this chain too: its window of 15 minutes holds with blocks of a minute. */
export const PROFILE: Profile = profileNamed('32GiB')

/** About what a PoRep of that profile takes; the fee counts its bytes. */
const POREP_BYTES = 2_390_000
const HELD = 1

export interface PostToProve extends Omit<PostChallenge, 'profile'> {
  readonly sectors: readonly { readonly number: number }[]
}

/** @returns undefined when the disk lacks a sample: the chain would refuse the proof and keep its fee */
export function provePost(disk: Disk, { sectors, ...given }: PostToProve): Uint8Array | undefined {
  const challenge = { ...given, profile: PROFILE }
  const samples = drawSamples(challenge, sectors.length)
  const opened = samples.flatMap(({ position, leaves }) =>
    leaves.map((leaf) => disk.holds(sectors[position]!.number, leaf)),
  )
  if (opened.includes(false)) return undefined
  return new Uint8Array(postBundleBytes({ ...challenge, sectors: sectors.length })).fill(HELD, 0, opened.length)
}

export function verifyPost(input: PostInput): Verdict {
  const { skipped = [] } = input
  const samples = drawSamples(input, input.sectors.length).filter(({ position }) => !skipped.includes(position))
  const count = samples.reduce((sum, { leaves }) => sum + leaves.length, 0)
  return input.bundle.subarray(0, count).every((byte) => byte === HELD)
    ? { ok: true }
    : { ok: false, reason: 'REPLICA_NOT_IN_COMM_R' }
}

export function provePoRep(disk: Disk, sector: number): Uint8Array {
  const bundle = new Uint8Array(POREP_BYTES)
  if (disk.isWhole(sector)) bundle[0] = HELD
  return bundle
}

export function verifyPoRep({ bundle }: PoRepInput): Verdict {
  return bundle[0] === HELD ? { ok: true } : { ok: false, reason: 'LABEL_MISMATCH' }
}
