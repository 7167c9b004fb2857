/**
 * The expensive verifications, remembered: a transaction is checked when it arrives, when a block is prepared, processed
 * and executed, and each verdict depends on its inputs alone. A memory of verdicts changes no result, only its time.
 */

import type { Hex } from '@granary/base'
import { type PoRepInput, type PostInput, type Verdict, verifyPoRep, verifyPost } from '@granary/proofs/verify'
import { decodeTransaction, type SignedBy, transactionDigest, verifySigner } from '@granary/protocol/messages'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js'
import { verifyBeaconRound } from '../proving/beacon.ts'
import type { Checks, DecodedTransaction, ReadTransaction } from '../store/context.ts'

/**
 * The verifiers. A node may replace the reference by others that prepare verdicts on other threads; they must accept
 * exactly what the reference accepts.
 */
export interface Verifiers {
  signer(digest: Uint8Array, signature: Uint8Array): SignedBy | undefined
  poRep(input: PoRepInput): Verdict
  post(input: PostInput): Verdict
  /** Of a transaction with these bytes, if it is known. @default hashed here */
  digest?(bytes: Uint8Array): Uint8Array | undefined
  /** @default the reference, on this thread */
  beacon?(publicKey: Hex, round: number, signature: Uint8Array): boolean
}

const VERDICTS_MAX = 8_192
/** Apart from the others, which are many a second and cost a hundredth. */
const PROOFS_MAX = 512
const reference: Verifiers = { signer: verifySigner, poRep: verifyPoRep, post: verifyPost }

export function createChecks(verifiers: Verifiers = reference): Checks {
  const verifyRound = verifiers.beacon ?? verifyBeaconRound
  const remembered = createMemory(VERDICTS_MAX)
  const proven = createMemory(PROOFS_MAX)
  // Remembered by identity: the engine gives the same bytes at each step, and nobody changes bytes that were handed in.
  const decoded = new WeakMap<Uint8Array, DecodedTransaction>()
  const read = new WeakMap<Uint8Array, ReadTransaction>()
  const signed = new WeakMap<Uint8Array, { readonly signature: Uint8Array; readonly by: SignedBy | undefined }>()

  function decode(bytes: Uint8Array): DecodedTransaction {
    const known = decoded.get(bytes)
    if (known !== undefined) return known
    const transaction = decodeTransaction(bytes)
    decoded.set(bytes, transaction)
    return transaction
  }

  return {
    decoded: decode,
    transaction: (genesisHash, bytes) => {
      const known = read.get(bytes)
      if (known !== undefined) return known
      const { tx, signature } = decode(bytes)
      const digest = verifiers.digest?.(bytes) ?? transactionDigest(genesisHash, tx)
      const transaction = { tx, signature, digest }
      read.set(bytes, transaction)
      return transaction
    },
    signer: (digest, signature) => {
      const known = signed.get(digest)
      if (known?.signature === signature) return known.by
      const key = `${bytesToHex(digest)} ${bytesToHex(signature)}`
      const by = remembered(key, () => verifiers.signer(digest, signature))
      signed.set(digest, { signature, by })
      return by
    },
    beacon: (publicKey, round, signature) =>
      remembered(keyOf(`beacon ${publicKey} ${round}`, [signature]), () => verifyRound(publicKey, round, signature)),
    poRep: (input) => {
      const { profile, provider, sectorNumber, ticket, seed, commD, commR, bundle } = input
      const key = keyOf(`porep ${profile.name} ${provider} ${sectorNumber}`, [ticket, seed, commD, commR, bundle])
      return proven(key, () => verifiers.poRep(input))
    },
    post: (input) => {
      const { profile, provider, partition, randomness, count, sectors, skipped = [], bundle } = input
      const numbers = sectors.map((sector) => sector.number).join(',')
      const label = `post ${profile.name} ${provider} ${partition} ${count} ${numbers} ${skipped.join(',')}`
      const key = keyOf(label, [randomness, ...sectors.map((sector) => sector.commR), bundle])
      return proven(key, () => verifiers.post(input))
    },
  }
}

/** Of the oldest nothing is known any more: it is verified again. */
function createMemory(verdictsMax: number): <T>(key: string, verify: () => T) => T {
  const verdicts = new Map<string, unknown>()
  return <T>(key: string, verify: () => T) => {
    if (verdicts.has(key)) return verdicts.get(key) as T
    const verdict = verify()
    if (verdicts.size >= verdictsMax) verdicts.delete(verdicts.keys().next().value!)
    verdicts.set(key, verdict)
    return verdict
  }
}

/** The parts are hashed one by one, so that no two lists of parts run together into the same bytes. */
function keyOf(label: string, parts: readonly Uint8Array[]): string {
  return `${label} ${bytesToHex(sha256(concatBytes(...parts.map((part) => sha256(part)))))}`
}
