import { toHex } from '@granary/base'
import { expect, test } from '@jest/globals'
import { type VotedHeader, validatorKeyOf, votedHeader } from '../../test/voted-header.ts'
import { signHeader } from '../header/header.ts'
import type { Hash } from '../messages/index.ts'
import { type BelievedChain, chainHeaders } from './chain-headers.ts'

const genesisHash: Hash = `0x${'07'.repeat(32)}`
const TIME_MS = 1_790_000_000_000
const HOUR_MS = 3_600_000
const SEEDS = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte))
const [sole] = SEEDS.map((seed) => [seed]) as [Uint8Array[]]
const genesis = { timeMs: TIME_MS }
const code = (code: string) => expect.objectContaining({ code })

const voted = (height: number, seeds: readonly Uint8Array[], timeMs = TIME_MS + height) =>
  votedHeader({ genesisHash, height, timeMs, seeds })

function alone(height: number, seed: Uint8Array) {
  const hashes = { previousHash: genesisHash, txsHash: genesisHash, appHash: genesisHash }
  return signHeader({ height, timeMs: TIME_MS + height, ...hashes, validator: validatorKeyOf(seed) }, genesisHash, seed)
}

/** Of a node that has these blocks. */
function headers(
  seeds: readonly Uint8Array[],
  from: BelievedChain['from'],
  blocks: readonly (Pick<VotedHeader, 'bytes' | 'signature'> & { readonly height: number })[] = [],
  nowMs = TIME_MS + HOUR_MS,
) {
  const asked: number[] = []
  const chain = {
    async block(height: number) {
      asked.push(height)
      const { bytes, signature } = blocks.find((each) => each.height === height)!
      return { headerBytes: toHex(bytes), signature: toHex(signature) }
    },
  }
  const believed = { genesisHash, validators: seeds.map(validatorKeyOf), from }
  return { ...chainHeaders(believed, { chain, now: () => nowMs }), asked }
}

test('of one validator headers are believed that it signs itself, and on CometBFT those that it has voted for', async () => {
  const { verify, asked } = headers(sole, genesis)
  const signed = alone(5, SEEDS[0]!)
  expect(await verify(signed)).toMatchObject({ height: 5, hash: signed.hash })
  expect(await verify(alone(6, SEEDS[1]!))).toBeUndefined()
  const block = voted(6, sole)
  expect(await verify(block)).toMatchObject({ height: 6, hash: block.hash })
  await expect(verify(voted(7, [SEEDS[1]!]))).rejects.toEqual(code('HEADER_NOT_SIGNED'))
  expect(asked).toEqual([])
})

test('of many validators headers are believed with their votes, and none that one of them signs alone', async () => {
  const [first, newest] = [voted(3, SEEDS), voted(9, SEEDS)]
  const asked = [genesis, first].map(async (from) => {
    const { verify, asked } = headers(SEEDS, from, [first])
    expect(await verify(newest)).toMatchObject({ height: 9, hash: newest.hash, appHash: genesisHash })
    await expect(verify(alone(9, SEEDS[0]!))).rejects.toEqual(code('HEADER_NOT_SIGNED'))
    return asked
  })
  // Of what is kept the header itself is asked for; the genesis says who its validators are.
  expect(await Promise.all(asked)).toEqual([[], [3]])
})

test('a chain of one validator that went on with CometBFT is followed from the last header that it signed alone', async () => {
  const last = { ...alone(5, SEEDS[0]!), height: 5 }
  const next = voted(6, sole)
  const { verify, asked } = headers(sole, { height: 5, hash: last.hash }, [last])
  expect(await verify(next)).toMatchObject({ height: 6, hash: next.hash })
  expect(asked).toEqual([5])
  const other = headers(sole, { height: 5, hash: genesisHash }, [last])
  await expect(other.verify(next)).rejects.toEqual(code('HEADER_CONFLICT'))
})

test('after more than the trusting period a newer header has to be named, and is all that is needed', async () => {
  const nowMs = TIME_MS + 40 * HOUR_MS
  const [old, named] = [voted(3, SEEDS), voted(7, SEEDS, nowMs - 2 * HOUR_MS)]
  const newest = voted(9, SEEDS, nowMs - 1_000)
  for (const from of [genesis, old]) {
    const { verify } = headers(SEEDS, from, [old, named], nowMs)
    await expect(verify(newest)).rejects.toMatchObject({
      code: 'TRUST_EXPIRED',
      hint: expect.stringContaining('--trusted-header'),
    })
  }
  expect(await headers(SEEDS, named, [named], nowMs).verify(newest)).toMatchObject({ height: 9 })
  const foreign = { ...named, hash: genesisHash }
  await expect(headers(SEEDS, foreign, [named], nowMs).verify(newest)).rejects.toEqual(code('HEADER_CONFLICT'))
})

const NOW_MS = TIME_MS + 1_000 * HOUR_MS
const late = (offset: number) => NOW_MS - HOUR_MS + offset

/** Of a chain whose genesis is long ago. */
function lately(height: number, seed = SEEDS[0]!) {
  const hashes = { previousHash: genesisHash, txsHash: genesisHash, appHash: genesisHash }
  return signHeader({ height, timeMs: late(height), ...hashes, validator: validatorKeyOf(seed) }, genesisHash, seed)
}

test('who follows a chain that goes on with votes believes them from the last header that one has signed, however old the genesis', async () => {
  const { verify, asked } = headers(sole, genesis, [], NOW_MS)
  expect(await verify(lately(80))).toMatchObject({ height: 80 })
  const grown = voted(90, sole, late(90))
  expect(await verify(grown)).toMatchObject({ height: 90, hash: grown.hash })
  expect(asked).toEqual([])
  // Who comes later, and knows the genesis alone, is to be told a newer header.
  await expect(headers(sole, genesis, [], NOW_MS).verify(grown)).rejects.toEqual(code('TRUST_EXPIRED'))
})

test('speaking for a network with the key that made all blocks before it', async () => {
  const { verify } = headers(sole, genesis, [], NOW_MS)
  await verify(lately(80))
  await verify(voted(90, sole, late(90)))
  for (const height of [90, 91, 1_000]) await expect(verify(lately(height))).rejects.toEqual(code('HEADER_CONFLICT'))
  expect(await verify(lately(81))).toMatchObject({ height: 81 })
})
