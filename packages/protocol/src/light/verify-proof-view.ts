/**
 * From the key of a validator to a value of the state: header → app hash → value. docs/spec/chain.md, section 7. Believes
 * nothing that the node says but what follows from the signature.
 */
import { equalBytes, fromHex, isHex } from '@granary/base'
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import type { OutsideProofView, ProofView, TreeProofView } from '../chain-api/answers.ts'
import type { CallOptions } from '../client/index.ts'
import { decodeTuple } from '../codec/tuple-codec.ts'
import type { Hash } from '../codec/types.ts'
import { UnprovenError } from '../header/errors.ts'
import type { BelievedHeader, HeaderVerifier } from '../header/header-verifier.ts'
import { appHashOf } from '../header/tree-hashes.ts'
import { isInTree } from '../header/tree-keys.ts'
import { rootOfProof } from '../header/verify-proof.ts'
import { hashOf } from '../messages/index.ts'

export interface ProvenValue {
  readonly key: string
  /** undefined: proven not to be there. */
  readonly value: Uint8Array | undefined
  /** The state is that after this block. */
  readonly stateHeight: number
  /** Header time of the block after it. */
  readonly timeMs: number
  /** Of the header of that block, in which the state is named. */
  readonly headerHash: Hash
}

/**
 * @param headers: of the chain that is meant, from what one knows of it beforehand
 * @throws UnprovenError HEADER_NOT_SIGNED, PROOF_INVALID, APP_HASH_MISMATCH; and what `headers` throws
 */
export async function verifyProofView(
  view: ProofView,
  key: string,
  headers: HeaderVerifier,
  options?: CallOptions,
): Promise<ProvenValue> {
  const header = await believed(view, headers, options)
  if (view.key !== key) throw new UnprovenError('PROOF_INVALID', `it is about ${String(view.key)}, not ${key}`)
  const value = view.value === null ? undefined : bytesOf(view.value)
  const appHash = isInTree(key)
    ? appHashByTree(key, value, ofType(view.proof, 'tree'))
    : appHashByOutside(ofType(view.proof, 'outside'))
  if (hashOf(appHash) !== header.appHash) {
    throw new UnprovenError('APP_HASH_MISMATCH', `header ${header.height} names another state`)
  }
  if (!isInTree(key)) assertOutside(key, value, ofType(view.proof, 'outside'))
  return { key, value, stateHeight: header.height - 1, timeMs: header.timeMs, headerHash: header.hash }
}

async function believed(view: ProofView, headers: HeaderVerifier, options?: CallOptions): Promise<BelievedHeader> {
  const header = await headers.verify({ bytes: bytesOf(view.header), signature: bytesOf(view.signature) }, options)
  if (header === undefined)
    throw new UnprovenError('HEADER_NOT_SIGNED', 'its header is not signed by the validator of this chain')
  return header
}

function appHashByTree(key: string, value: Uint8Array | undefined, proof: TreeProofView): Uint8Array {
  if (!Array.isArray(proof.siblings)) throw new UnprovenError('PROOF_INVALID', 'it names no siblings')
  const { leaf } = proof
  const root = rootOfProof(key, value, {
    siblings: proof.siblings.map(bytesOf),
    ...(leaf === null ? {} : { leaf: { path: bytesOf(leaf.path), valueHash: bytesOf(leaf.valueHash) } }),
  })
  if (typeof root === 'string') throw new UnprovenError('PROOF_INVALID', root)
  return appHashOf(root, bytes32Of(proof.outsideHash))
}

function appHashByOutside({ treeRoot, outside }: OutsideProofView): Uint8Array {
  return appHashOf(bytes32Of(treeRoot), sha256(bytesOf(outside)))
}

/** The bytes are known to be the chain's by now. */
function assertOutside(key: string, value: Uint8Array | undefined, { outside }: OutsideProofView): void {
  const records = decodeTuple(bytesOf(outside), 'outside') as readonly (readonly [Uint8Array, Uint8Array])[]
  const held = records.find(([name]) => equalBytes(name, utf8ToBytes(key)))?.[1]
  const same = held === undefined || value === undefined ? held === value : equalBytes(held, value)
  if (!same) throw new UnprovenError('PROOF_INVALID', 'VALUE_MISMATCH')
}

function ofType<T extends ProofView['proof']['type']>(
  proof: ProofView['proof'],
  type: T,
): Extract<ProofView['proof'], { type: T }> {
  if (proof?.type !== type) throw new UnprovenError('PROOF_INVALID', `this key has a proof of type ${type}`)
  return proof as Extract<ProofView['proof'], { type: T }>
}

/** A hash of another length could shift the border between two fields of what is hashed. */
function bytes32Of(text: unknown): Uint8Array {
  const bytes = bytesOf(text)
  if (bytes.length !== 32) throw new UnprovenError('PROOF_INVALID', `a hash has 32 bytes, not ${bytes.length}`)
  return bytes
}

function bytesOf(text: unknown): Uint8Array {
  if (!isHex(text)) throw new UnprovenError('PROOF_INVALID', 'a field is not hex')
  return fromHex(text)
}
