/**
 * Which headers are those of a chain, whichever engine makes its blocks: a single validator signs each itself, with one signature;
 * where a chain is on CometBFT they come with votes. Whoever reads a chain need not know which it is.
 */
import { fromHex, type Hex } from '@granary/base'
import type { CallOptions } from '../client/index.ts'
import type { Hash } from '../codec/types.ts'
import type { CometVerifierOptions } from '../comet/index.ts'
import { UnprovenError } from '../header/errors.ts'
import {
  type BelievedHeader,
  embeddedHeaderVerifier,
  type HeaderVerifier,
  SIGNATURE_BYTES,
  type SignedBytes,
} from '../header/header-verifier.ts'
import type { SeenHeader } from './create-light-client.ts'

/** What is believed before anything is proven. */
export interface BelievedChain {
  readonly genesisHash: Hash
  /** ed25519 public keys, 32 bytes, as the genesis has them. */
  readonly validators: readonly Hex[]
  /** Where trust in votes begins: at a header that was verified earlier or is known from elsewhere; else at the genesis, of that time. */
  readonly from: SeenHeader | { readonly timeMs: number }
}

export interface ChainHeadersOptions {
  /** Any node: what it says is verified. */
  readonly chain: {
    block(height: number, options?: CallOptions): Promise<{ readonly headerBytes: Hex; readonly signature: Hex }>
  }
  /** @default Date.now */
  readonly now?: () => number
}

export interface ChainHeaders extends HeaderVerifier {
  /** @throws UnprovenError, TrustExpiredError, HeaderFromFutureError */
  verify(signed: SignedBytes, options?: CallOptions): Promise<BelievedHeader | undefined>
}

export function chainHeaders(believed: BelievedChain, { chain, now = Date.now }: ChainHeadersOptions): ChainHeaders {
  const { genesisHash, validators, from } = believed
  // Of several none signs alone.
  const sole = validators.length === 1 ? embeddedHeaderVerifier({ genesisHash, validators }) : undefined
  let voted: HeaderVerifier | undefined
  /** The newest that was signed alone: who follows a chain need not have been away when it goes on with votes. */
  let alone: BelievedHeader | undefined
  /** From here on none is signed alone: who made all blocks once cannot speak for those who vote now. */
  let votedFrom = Number.POSITIVE_INFINITY

  function signedAlone(own: BelievedHeader): BelievedHeader {
    if (own.height >= votedFrom)
      throw new UnprovenError('HEADER_CONFLICT', `header ${own.height} is signed by one, header ${votedFrom} has votes`)
    if (alone === undefined || own.height > alone.height) alone = own
    return own
  }

  /** A chain of one validator that went on with CometBFT: votes are trusted from the last header that it has signed alone. */
  async function trusted(options?: CallOptions): Promise<CometVerifierOptions['trusted']> {
    if (alone !== undefined) return { validators, timeMs: alone.timeMs, height: alone.height }
    if (!('hash' in from)) return { validators, ...from }
    const { height, hash } = from
    if (sole === undefined) return from
    const { headerBytes, signature } = await chain.block(height, options)
    const own = sole.verify({ bytes: fromHex(headerBytes), signature: fromHex(signature) })
    if (own === undefined) return from
    if (own.height === height && own.hash === hash) return { validators, timeMs: own.timeMs, height }
    throw new UnprovenError('HEADER_CONFLICT', `header ${height} was ${hash} before, and is ${own.hash} now`)
  }

  return {
    async verify(signed, options) {
      const own = signed.signature.length === SIGNATURE_BYTES ? sole?.verify(signed) : undefined
      if (own !== undefined) return signedAlone(own)
      if (sole !== undefined && signed.signature.length === SIGNATURE_BYTES) return undefined
      if (voted === undefined) {
        const { cometHeaderVerifier } = await import('../comet/index.ts')
        voted = cometHeaderVerifier({ genesisHash, trusted: await trusted(options), chain, now })
      }
      const believed = await voted.verify(signed, options)
      if (believed !== undefined) votedFrom = Math.min(votedFrom, believed.height)
      return believed
    },
  }
}
