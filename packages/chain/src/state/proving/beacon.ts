/**
 * The randomness beacon: drand's `quicknet` scheme (bls-unchained-g1-rfc9380: BLS12-381, public key on G2, signature on
 * G1 over SHA-256 of the round, RFC 9380 hash to curve). docs/spec/chain.md section 6.
 */
import { fromHex, type Hex, toHex } from '@granary/base'
import type { Genesis } from '@granary/protocol/records'
import { bls12_381 } from '@noble/curves/bls12-381.js'
import { sha256 } from '@noble/hashes/sha2.js'

const DST = 'BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_'

/**
 * R(h): the round of the epoch that follows a block with this header time, the first that is not public yet at that time.
 * No other is ever used for it.
 */
export function beaconRoundFor(genesis: Pick<Genesis, 'beacon'>, previousBlockTimeMs: number): number {
  const { genesisTimeMs, periodMs } = genesis.beacon
  return Math.floor((previousBlockTimeMs - genesisTimeMs) / periodMs) + 2
}

/** pub(r): when a round is public; round 1 is at the beacon's start. */
export function roundTimeMs({ beacon }: Pick<Genesis, 'beacon'>, round: number): number {
  return beacon.genesisTimeMs + (round - 1) * beacon.periodMs
}

/** @param secretKey 32 bytes; a devnet's local key @returns 48 bytes */
export function signBeaconRound(secretKey: Uint8Array, round: number): Uint8Array {
  const scheme = bls12_381.shortSignatures
  return scheme.Signature.toBytes(scheme.sign(messageOf(round), secretKey))
}

/** @param secretKey 32 bytes, see {@link randomBeaconKey} @returns 96 bytes as hex, for the genesis */
export function beaconPublicKey(secretKey: Uint8Array): Hex {
  return toHex(bls12_381.shortSignatures.getPublicKey(secretKey).toBytes())
}

/** A key for a devnet's beacon, from the caller's randomness: at least 48 bytes. */
export function beaconKeyFrom(seed: Uint8Array): Uint8Array {
  return bls12_381.utils.randomSecretKey(seed)
}

export function verifyBeaconRound(publicKey: Hex, round: number, signature: Uint8Array): boolean {
  try {
    return bls12_381.shortSignatures.verify(signature, messageOf(round), fromHex(publicKey))
  } catch {
    return false
  }
}

function messageOf(round: number): ReturnType<typeof bls12_381.shortSignatures.hash> {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(round))
  return bls12_381.shortSignatures.hash(sha256(bytes), DST)
}
