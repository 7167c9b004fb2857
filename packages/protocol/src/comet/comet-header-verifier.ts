/**
 * Which headers are those of a chain on CometBFT, from one that is trusted: each that was verified is trusted in its turn. What
 * lies between is asked for only where validators have changed too much, halfway each time.
 */
import { equalBytes, fromHex, type Hex } from '@granary/base'
import type { Struct } from '../codec/struct.ts'
import { decodeTuple } from '../codec/tuple-codec.ts'
import type { Hash } from '../codec/types.ts'
import { UnprovenError } from '../header/errors.ts'
import type { HeaderVerifier, SignedBytes } from '../header/header-verifier.ts'
import { hashOf } from '../messages/index.ts'
import { COMMIT_ITEMS_MAX, cometCommit, genesisValidators, hashValidators } from './comet-commit.ts'
import { cometChainId, cometHeader, hashCometHeader, NS_A_MS } from './comet-header.ts'
import { type CometBlock, follows, msOf, type TrustedBlock } from './follows.ts'

export interface CometVerifierOptions {
  readonly genesisHash: Hash
  /** What is believed beforehand: a block, by the hash of its header; else the validators that the genesis names, from its time on. */
  readonly trusted: { readonly height: number; readonly hash: Hash } | CometGenesis
  /** Any node: what it says is verified. */
  readonly chain: {
    block(height: number, options?: Asking): Promise<{ readonly headerBytes: Hex; readonly signature: Hex }>
  }
  /** How long validators answer for a block. @default two thirds of the time in which a double vote is punished, 32 hours */
  readonly trustingPeriodMs?: number
  /** How far a header may be ahead of `now`. @default 10 s */
  readonly clockDriftMs?: number
  /** @default Date.now */
  readonly now?: () => number
}

export interface CometGenesis {
  /** ed25519 public keys, as the genesis has them. */
  readonly validators: readonly Hex[]
  readonly timeMs: number
  /** Of the block that CometBFT begins behind. @default 0 */
  readonly height?: number
}

interface Asking {
  readonly signal?: AbortSignal | undefined
}

interface VerifiedBlock extends TrustedBlock {
  readonly hash: Uint8Array
}

const TRUSTING_PERIOD_MS = 32 * 3_600_000
const CLOCK_DRIFT_MS = 10_000
const HEADER_ITEMS_MAX = 18
/** Verified blocks that are remembered, the newest. */
const REMEMBERED_MAX = 64
/**
 * Asked for on the way to one header, whatever a node answers: who follows a chain whose validators change more often than that
 * has to look more often.
 */
const FETCHES_MAX = 256

export function cometHeaderVerifier(options: CometVerifierOptions): HeaderVerifier {
  const { genesisHash, trusted, chain, trustingPeriodMs = TRUSTING_PERIOD_MS, clockDriftMs = CLOCK_DRIFT_MS } = options
  const { now = Date.now } = options
  const chainId = cometChainId(genesisHash)
  /** By height. */
  const verified: VerifiedBlock[] = []

  async function begin(options?: Asking): Promise<void> {
    const first =
      'hash' in trusted ? trustedByHash(trusted, await ask(trusted.height, options)) : trustedGenesis(trusted)
    if (verified.length === 0) verified.push(first)
  }

  async function ask(height: number, options?: Asking): Promise<CometBlock> {
    options?.signal?.throwIfAborted()
    const { headerBytes, signature } = await chain.block(height, options)
    const block = decodeBlock({ bytes: fromHex(headerBytes), signature: fromHex(signature) })
    if (block.header.height === height) return block
    throw new UnprovenError('HEADER_NOT_SIGNED', `header ${height} was asked for, ${block.header.height} was given`)
  }

  /** Halfway again and again, until each block follows from the one before it. */
  async function reach(from: VerifiedBlock, wanted: CometBlock, options?: Asking): Promise<void> {
    let reached = from
    const ahead = [wanted]
    for (let fetches = 0; ahead.length > 0; ) {
      const next = ahead.at(-1)!
      if (follows(reached, next, { chainId, trustingPeriodMs, clockDriftMs, nowMs: now() })) {
        reached = remember(next)
        ahead.pop()
      } else if (fetches++ < FETCHES_MAX) {
        ahead.push(await ask(Math.floor((reached.height + next.header.height) / 2), options))
      } else {
        throw new UnprovenError('HEADER_NOT_SIGNED', `${FETCHES_MAX} headers do not lead to ${wanted.header.height}`)
      }
    }
  }

  function remember(block: CometBlock): VerifiedBlock {
    const { height } = block.header
    const known = verified.find((each) => each.height === height)
    if (known === undefined) {
      const verifiedBlock = verifiedOf(block)
      verified.push(verifiedBlock)
      verified.sort((a, b) => a.height - b.height)
      if (verified.length > REMEMBERED_MAX) verified.shift()
      return verifiedBlock
    }
    if (equalBytes(known.hash, block.hash)) return known
    throw new UnprovenError('HEADER_CONFLICT', `validators have signed two headers ${height}`)
  }

  return {
    async verify(signed, options) {
      const block = decodeBlock(signed)
      const { height, timeNs, appHash } = block.header
      if (verified.length === 0) await begin(options)
      if (!verified.some(({ hash }) => equalBytes(hash, block.hash))) {
        const from = verified.findLast((each) => each.height < height)
        if (from === undefined)
          throw new UnprovenError(
            'PROOF_STALE',
            `header ${height} is not after ${verified[0]!.height}, which is trusted`,
          )
        await reach(from, block, options)
      }
      return { height, timeMs: msOf(timeNs), appHash: hashOf(appHash), hash: hashOf(block.hash) }
    },
  }
}

function trustedGenesis({ validators: keys, timeMs, height = 0 }: CometGenesis): VerifiedBlock {
  const validators = genesisValidators(keys)
  const timeNs = BigInt(timeMs) * NS_A_MS
  return { height, timeNs, validators, nextValidatorsHash: hashValidators(validators), hash: new Uint8Array(0) }
}

/** Its votes need not be looked at: that it is trusted was decided elsewhere. */
function trustedByHash(
  { height, hash }: { readonly height: number; readonly hash: Hash },
  block: CometBlock,
): VerifiedBlock {
  if (!equalBytes(block.hash, fromHex(hash)))
    throw new UnprovenError('HEADER_CONFLICT', `header ${height} was ${hash} before, and is ${hashOf(block.hash)} now`)
  if (!equalBytes(hashValidators(block.commit.voters), block.header.validatorsHash))
    throw new UnprovenError('HEADER_NOT_SIGNED', `header ${height}: it has other validators`)
  return verifiedOf(block)
}

function verifiedOf({ header, hash, commit }: CometBlock): VerifiedBlock {
  const { height, timeNs, nextValidatorsHash } = header
  const validators = commit.voters.map(({ publicKey, power }) => ({ publicKey, power }))
  return { height, timeNs, validators, nextValidatorsHash, hash }
}

function decodeBlock({ bytes, signature }: SignedBytes): CometBlock {
  const header = decode(cometHeader, bytes, HEADER_ITEMS_MAX)
  return { header, hash: hashCometHeader(header), commit: decode(cometCommit, signature, COMMIT_ITEMS_MAX) }
}

function decode<T>(of: Struct<T>, bytes: Uint8Array, itemsMax: number): T {
  try {
    return of.fromWire(decodeTuple(bytes, of.name, itemsMax), of.name)
  } catch (error) {
    throw new UnprovenError('HEADER_NOT_SIGNED', Error.isError(error) ? error.message : 'it cannot be read')
  }
}
