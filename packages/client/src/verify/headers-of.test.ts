import { toHex } from '@granary/base'
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
import { signHeader } from '@granary/protocol/header'
import { type Hash, sessionSigner } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { headersOf } from './headers-of.ts'

const HASH = new Uint8Array(32).fill(7)
const genesisHash: Hash = toHex(HASH)
const TIME_MS = 1_790_000_000_000
const SEEDS = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte))
const KEY_BYTES = 32
const signerOf = (seed: Uint8Array) => sessionSigner(seed, `0x${'00'.repeat(20)}`)
const keyOf = (seed: Uint8Array) => signerOf(seed).sessionKey!
const believed = { genesisHash, blockTimeMs: 400, basis: 'named', timeMs: TIME_MS } as const
const clock = { nowMs: () => TIME_MS + 60_000 }

function voted(height: number, seeds: readonly Uint8Array[]) {
  const validators = genesisValidators(seeds.map(keyOf))
  const header: CometHeader = {
    ...{ blockVersion: 11, appVersion: 1, chainId: cometChainId(genesisHash), height },
    timeNs: BigInt(TIME_MS + height) * 1_000_000n,
    ...{ lastBlockHash: HASH, lastPartsTotal: 1, lastPartsHash: HASH, lastCommitHash: HASH, dataHash: HASH },
    validatorsHash: hashValidators(validators),
    nextValidatorsHash: hashValidators(validators),
    ...{ consensusHash: HASH, appHash: HASH, lastResultsHash: HASH, evidenceHash: HASH },
    proposerAddress: HASH.subarray(0, 20),
  }
  const parts: CometCommit = { round: 0, partsTotal: 1, partsHash: HASH, voters: [] }
  const hash = hashCometHeader(header)
  const voters = validators.map((validator) => {
    const seed = seeds.find((each) => keyOf(each) === toHex(validator.publicKey))!
    const digest = voteSignBytes(header, hash, parts, header.timeNs)
    const signature = signerOf(seed).sign({ digest }).subarray(KEY_BYTES)
    return { ...validator, timeNs: header.timeNs, signature }
  })
  const [bytes, signature] = [encodeRecord(cometHeader, header), encodeRecord(cometCommit, { ...parts, voters })]
  return { hash: toHex(hash), bytes, signature }
}

test('of one validator headers are believed that it signs itself, and no votes', async () => {
  const chain = { block: () => Promise.reject(new Error('not asked')) }
  const headers = await headersOf({ chain, clock }, { ...believed, validators: [keyOf(SEEDS[0]!)] })
  const header = { height: 5, timeMs: TIME_MS, previousHash: genesisHash, txsHash: genesisHash, appHash: genesisHash }
  const signed = signHeader({ ...header, validator: keyOf(SEEDS[0]!) }, genesisHash, SEEDS[0]!)
  expect(await headers.verify(signed)).toMatchObject({ height: 5, hash: signed.hash })
  expect(await headers.verify(voted(5, SEEDS.slice(0, 1)))).toBeUndefined()
})

test('of many validators headers are believed with their votes, and none that one of them signs alone', async () => {
  const validators = SEEDS.map(keyOf)
  const [first, newest] = [voted(3, SEEDS), voted(9, SEEDS)]
  const asked: number[] = []
  const chain = {
    async block(height: number) {
      asked.push(height)
      return { headerBytes: toHex(first.bytes), signature: toHex(first.signature) } as never
    },
  }
  const kept = { header: { height: 3, hash: first.hash, timeMs: TIME_MS + 3 } }
  for (const from of [{}, kept]) {
    const headers = await headersOf({ chain, clock }, { ...believed, ...from, validators })
    expect(await headers.verify(newest)).toMatchObject({ height: 9, hash: newest.hash, appHash: genesisHash })
    const header = { height: 9, timeMs: TIME_MS, previousHash: genesisHash, txsHash: genesisHash, appHash: genesisHash }
    const alone = signHeader({ ...header, validator: validators[0]! }, genesisHash, SEEDS[0]!)
    await expect(headers.verify(alone)).rejects.toMatchObject({ code: 'HEADER_NOT_SIGNED' })
  }
  // Of what is kept the header itself is asked for; the genesis says who its validators are.
  expect(asked).toEqual([3])
})
