/** A header of CometBFT with its votes, made here: of the chain of a genesis, by validators whose keys are known. */
import { type Hex, toHex } from '@granary/base'
import { encodeRecord } from '@granary/protocol/codec'
import {
  type CometCommit,
  type CometHeader,
  cometChainId,
  cometCommit,
  cometHeader,
  genesisValidators,
  hashCometHeader,
  hashValidators,
  voteSignBytes,
} from '@granary/protocol/comet'
import { type Hash, sessionSigner } from '@granary/protocol/messages'

const HASH = new Uint8Array(32).fill(7)
const KEY_BYTES = 32
const signers = new Map<string, ReturnType<typeof sessionSigner>>()

function signerOf(seed: Uint8Array) {
  const known = signers.get(toHex(seed))
  if (known !== undefined) return known
  const signer = sessionSigner(seed, `0x${'00'.repeat(20)}`)
  signers.set(toHex(seed), signer)
  return signer
}

/** ed25519 @param seed 32 bytes */
export const validatorKeyOf = (seed: Uint8Array): Hex => signerOf(seed).sessionKey!

export interface VotedHeaderInput {
  readonly genesisHash: Hash
  readonly height: number
  readonly timeMs: number
  /** Of the validators, each of whom votes. */
  readonly seeds: readonly Uint8Array[]
  /** Of those of the next block. @default the same */
  readonly nextSeeds?: readonly Uint8Array[]
  readonly appHash?: Uint8Array
}

export interface VotedHeader {
  readonly height: number
  readonly hash: Hash
  readonly bytes: Uint8Array
  readonly signature: Uint8Array
}

export function votedHeader(input: VotedHeaderInput): VotedHeader {
  const { genesisHash, height, timeMs, seeds, nextSeeds = seeds, appHash = HASH } = input
  const validators = genesisValidators(seeds.map(validatorKeyOf))
  const header: CometHeader = {
    ...{ blockVersion: 11, appVersion: 1, chainId: cometChainId(genesisHash), height },
    timeNs: BigInt(timeMs) * 1_000_000n,
    ...{ lastBlockHash: HASH, lastPartsTotal: 1, lastPartsHash: HASH, lastCommitHash: HASH, dataHash: HASH },
    validatorsHash: hashValidators(validators),
    nextValidatorsHash: hashValidators(genesisValidators(nextSeeds.map(validatorKeyOf))),
    ...{ consensusHash: HASH, appHash, lastResultsHash: HASH, evidenceHash: HASH },
    proposerAddress: HASH.subarray(0, 20),
  }
  const parts: CometCommit = { round: 0, partsTotal: 1, partsHash: HASH, voters: [] }
  const hash = hashCometHeader(header)
  const voters = validators.map((validator) => {
    const seed = seeds.find((each) => validatorKeyOf(each) === toHex(validator.publicKey))!
    const digest = voteSignBytes(header, hash, parts, header.timeNs)
    const signature = signerOf(seed).sign({ digest }).subarray(KEY_BYTES)
    return { ...validator, timeNs: header.timeNs, signature }
  })
  const [bytes, signature] = [encodeRecord(cometHeader, header), encodeRecord(cometCommit, { ...parts, voters })]
  return { height, hash: toHex(hash) as Hash, bytes, signature }
}
