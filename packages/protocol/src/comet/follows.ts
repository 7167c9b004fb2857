/**
 * Whether a block of CometBFT follows from one that is trusted: as the next, whose validators that one names; or over others, if
 * enough of its validators have voted for it. https://docs.cometbft.com/v0.38/spec/light-client/verification
 */
import { equalBytes, toHex } from '@granary/base'
import { signatures } from '#signatures'
import { UnprovenError } from '../header/errors.ts'
import { type CometCommit, type CometValidator, hashValidators, voteSignBytes } from './comet-commit.ts'
import { type CometHeader, NS_A_MS } from './comet-header.ts'
import { HeaderFromFutureError, TrustExpiredError } from './errors.ts'

export interface CometBlock {
  readonly header: CometHeader
  /** Of the header, as it follows from its fields. */
  readonly hash: Uint8Array
  readonly commit: CometCommit
}

export interface TrustedBlock {
  readonly height: number
  readonly timeNs: bigint
  readonly validators: readonly CometValidator[]
  readonly nextValidatorsHash: Uint8Array
}

export interface CometRules {
  readonly chainId: string
  /** For so long after its time validators answer for a block. */
  readonly trustingPeriodMs: number
  /** A block may be so far ahead of `nowMs`. */
  readonly clockDriftMs: number
  readonly nowMs: number
}

const SIGNATURE_BYTES = 64
type Share = readonly [of: bigint, parts: bigint]
/** Of the trusted: among so many is one at least that is honest. */
const TRUST_LEVEL: Share = [1n, 3n]
/** Of its own: no two blocks have so many. */
const MAJORITY: Share = [2n, 3n]

/**
 * @returns false when too few of those that are trusted have voted for it: whether it follows is known by the headers between
 * @throws UnprovenError HEADER_NOT_SIGNED, TrustExpiredError, HeaderFromFutureError
 */
export function follows(trusted: TrustedBlock, block: CometBlock, rules: CometRules): boolean {
  const { header, commit } = block
  const { height, validatorsHash } = header
  assertInTime(trusted, header, rules)
  if (header.chainId !== rules.chainId) throw notSigned(height, `it is of the chain ${header.chainId}`)
  if (!equalBytes(hashValidators(commit.voters), validatorsHash)) throw notSigned(height, 'it has other validators')
  const votes = createVotes(block)
  if (height === trusted.height + 1) {
    if (!equalBytes(validatorsHash, trusted.nextValidatorsHash))
      throw notSigned(height, 'the header before it names other validators')
  } else if (!votes.areMoreThan(TRUST_LEVEL, trusted.validators)) return false
  // After those that are trusted: a list of strangers can be as long as somebody likes.
  if (!votes.areMoreThan(MAJORITY, commit.voters)) throw notSigned(height, 'too few validators have voted for it')
  return true
}

export function msOf(timeNs: bigint): number {
  return Number(timeNs / NS_A_MS)
}

function assertInTime(trusted: TrustedBlock, { height, timeNs }: CometHeader, rules: CometRules): void {
  const { nowMs, trustingPeriodMs, clockDriftMs } = rules
  const trustedMs = msOf(trusted.timeNs)
  if (trustedMs + trustingPeriodMs <= nowMs) throw new TrustExpiredError(trusted.height, trustedMs, trustingPeriodMs)
  if (height <= trusted.height || timeNs <= trusted.timeNs)
    throw notSigned(height, `it is not later than block ${trusted.height}, which is trusted`)
  if (msOf(timeNs) >= nowMs + clockDriftMs) throw new HeaderFromFutureError(height, msOf(timeNs), nowMs)
}

/** Each signature is looked at once, whoever asks, and none once there are enough. */
function createVotes({ header, hash, commit }: CometBlock) {
  const voters = new Map(commit.voters.map((voter) => [toHex(voter.publicKey), voter]))
  const judged = new Set<string>()
  if (voters.size !== commit.voters.length) throw notSigned(header.height, 'it has a validator twice')

  function hasVoted(key: string): boolean {
    const voter = voters.get(key as `0x${string}`)
    if (voter === undefined || voter.signature.length === 0) return false
    if (judged.has(key)) return true
    const { publicKey, signature, timeNs } = voter
    const signed = voteSignBytes(header, hash, commit, timeNs)
    if (
      signature.length !== SIGNATURE_BYTES ||
      !signatures.ed25519.verify(signature, signed, publicKey, { zip215: true })
    )
      throw notSigned(header.height, `a vote is not signed by ${key}`)
    judged.add(key)
    return true
  }

  return {
    /** Of the voting power. */
    areMoreThan([of, parts]: Share, validators: readonly CometValidator[]): boolean {
      const all = validators.reduce((sum, { power }) => sum + power, 0n)
      let votes = 0n
      return validators.some(({ publicKey, power }) => {
        if (hasVoted(toHex(publicKey))) votes += power
        return votes * parts > all * of
      })
    },
  }
}

function notSigned(height: number, why: string): UnprovenError {
  return new UnprovenError('HEADER_NOT_SIGNED', `header ${height}: ${why}`)
}
