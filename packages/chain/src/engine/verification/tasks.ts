/** What the node's threads are asked, and how they answer: in the order of the questions. */
import type { PoRepInput, PostInput, Verdict } from '@granary/proofs/verify'
import type { Hash, SignedBy } from '@granary/protocol/messages'

export interface SignedDigest {
  readonly digest: Uint8Array
  readonly signature: Uint8Array
}

export type Task =
  | { readonly type: 'signers'; readonly signed: readonly SignedDigest[] }
  | { readonly type: 'digest'; readonly genesisHash: Hash; readonly bytes: Uint8Array }
  | { readonly type: 'poRep'; readonly input: PoRepInput }
  | { readonly type: 'post'; readonly input: PostInput }

export interface Answers {
  readonly signers: readonly (SignedBy | undefined)[]
  /** Of a transaction: what its sender signs. */
  readonly digest: Uint8Array
  readonly poRep: Verdict
  readonly post: Verdict
}
