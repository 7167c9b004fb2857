/** A node that answers what it likes: it is found out after so many questions, and after so much work, whatever that is. */
import { fromHex, type Hex, toHex } from '@granary/base'
import { expect, test } from '@jest/globals'
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { validatorKeyOf, votedHeader } from '../../test/voted-header.ts'
import { encodeTuple } from '../codec/tuple-codec.ts'
import type { Hash } from '../codec/types.ts'
import { type CometVerifierOptions, cometHeaderVerifier } from './comet-header-verifier.ts'

const genesisHash: Hash = `0x${'ab'.repeat(32)}`
const TIME_MS = 1_790_000_000_000
const seedOf = (name: string) => sha256(utf8ToBytes(name))
const HONEST = ['ann', 'ben', 'cat', 'dan'].map(seedOf)
const STRANGERS = ['eve', 'fay', 'gus'].map(seedOf)
const HEIGHT_MAX = 2 ** 53 - 1
const code = (code: string) => expect.objectContaining({ code })

interface Voted {
  readonly bytes: Uint8Array
  readonly signature: Uint8Array
}

const voted = (height: number, seeds: readonly Uint8Array[], nextSeeds = seeds): Voted =>
  votedHeader({ genesisHash, height, timeMs: TIME_MS + 1_000 + Math.min(height, 10 ** 6), seeds, nextSeeds })

/** From the genesis of the honest. */
function asking(
  block: (height: number, signal?: AbortSignal) => Voted | Promise<Voted>,
  given: Partial<CometVerifierOptions> = {},
) {
  const asked: number[] = []
  const chain: CometVerifierOptions['chain'] = {
    async block(height, options) {
      asked.push(height)
      const { bytes, signature } = await block(height, options?.signal)
      return { headerBytes: toHex(bytes), signature: toHex(signature) }
    },
  }
  const trusted = { validators: HONEST.map(validatorKeyOf), timeMs: TIME_MS }
  const headers = cometHeaderVerifier({ genesisHash, trusted, chain, now: () => TIME_MS + 3_600_000, ...given })
  return { verify: async (signed: Voted, signal?: AbortSignal) => await headers.verify(signed, { signal }), asked }
}

test.each([
  ['whatever height is asked for', (height: number) => voted(height, STRANGERS)],
  [
    'honest ones of the first blocks, and strangers above',
    (height: number) => voted(height, height < 1_000 ? HONEST : STRANGERS),
  ],
  ['strangers of another set each time', (height: number) => voted(height, [seedOf(`stranger ${height}`)])],
])('a node that shows headers of strangers, %s, is found out by halving', async (_, block) => {
  for (const height of [2, HEIGHT_MAX]) {
    const { verify, asked } = asking(block)
    await expect(verify(voted(height, STRANGERS))).rejects.toEqual(code('HEADER_NOT_SIGNED'))
    expect(asked.length).toBeLessThanOrEqual(Math.ceil(Math.log2(height)) + 1)
    expect(new Set(asked).size).toBe(asked.length)
  }
})

test('a node that shows another height than was asked for is asked once', async () => {
  for (const shown of [1, 499, 501, HEIGHT_MAX]) {
    const { verify, asked } = asking(() => voted(shown, STRANGERS))
    await expect(verify(voted(1_000, STRANGERS))).rejects.toEqual(code('HEADER_NOT_SIGNED'))
    expect(asked).toEqual([500])
  }
})

test('a chain whose every block has other validators is followed for 256 headers, and no further', async () => {
  const setAt = (height: number) => (height === 1 ? HONEST : [seedOf(`of ${height}`)])
  const block = (height: number) => voted(height, setAt(height), setAt(height + 1))
  const near = asking(block)
  expect(await near.verify(block(40))).toMatchObject({ height: 40 })
  const far = asking(block)
  await expect(far.verify(block(1_000))).rejects.toMatchObject({
    code: 'HEADER_NOT_SIGNED',
    message: expect.stringContaining('256 headers do not lead to 1000'),
  })
  expect(far.asked).toHaveLength(256)
})

test('a node that says nothing is waited for as long as who asks wants to', async () => {
  const stop = new AbortController()
  const { verify, asked } = asking(
    (_, signal) => new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
  )
  const done = verify(voted(1_000, STRANGERS), stop.signal)
  while (asked.length === 0) await Promise.resolve()
  stop.abort(new DOMException('enough', 'AbortError'))
  await expect(done).rejects.toMatchObject({ name: 'AbortError' })
  expect(asked).toEqual([500])
})

const { bytes, signature } = voted(2, HONEST)
const NOTHING = new Uint8Array(0)
const voter = (index: number) => [
  sha256(Uint8Array.of(index & 255, index >> 8)),
  Uint8Array.of(10),
  Uint8Array.of(1),
  NOTHING,
]
const parts = [0, 1, new Uint8Array(32)] as const
test.each<[string, Voted]>([
  ['16 MiB of zeros', { bytes: new Uint8Array(16 << 20), signature }],
  ['votes that are 16 MiB of zeros', { bytes, signature: new Uint8Array(16 << 20) }],
  ['a list of 2³² - 1 items', { bytes: fromHex('0x9affffffff'), signature }],
  ['votes in a list of 2⁵³ items', { bytes, signature: fromHex('0x9b0020000000000000') }],
  ['lists in lists, 100,000 deep', { bytes: new Uint8Array(100_000).fill(0x81), signature }],
  [
    '1,001 validators',
    { bytes, signature: encodeTuple([...parts, Array.from({ length: 1_001 }, (_, index) => voter(index))]) },
  ],
  ['no validator', { bytes, signature: encodeTuple([...parts, []]) }],
  [
    'a power beyond 63 bits',
    {
      bytes,
      signature: encodeTuple([...parts, [[new Uint8Array(32), new Uint8Array(8).fill(255), NOTHING, NOTHING]]]),
    },
  ],
  [
    'a signature of a MiB',
    {
      bytes,
      signature: encodeTuple([...parts, [[new Uint8Array(32), Uint8Array.of(10), NOTHING, new Uint8Array(1 << 20)]]]),
    },
  ],
  ['bytes behind its end', { bytes: Uint8Array.of(...bytes, 0), signature }],
  ['no end', { bytes: bytes.subarray(0, -1), signature }],
])('a header with %s is refused before anything is verified', async (_, given) => {
  const { verify, asked } = asking(() => given)
  await expect(verify(given)).rejects.toEqual(code('HEADER_NOT_SIGNED'))
  expect(asked).toEqual([])
})

test('the same of 1,000 validators whose keys nobody knows are refused without a signature of theirs being looked at', async () => {
  const many = Array.from({ length: 1_000 }, (_, index) => voter(index))
  const { verify } = asking(() => voted(1, HONEST))
  const given: Voted = { bytes, signature: encodeTuple([...parts, many]) }
  await expect(verify(given)).rejects.toMatchObject({ message: expect.stringContaining('it has other validators') })
})

test('a node that shows two headers of the trusted height, one after the other, has one of them refused', async () => {
  const [one, other] = [voted(5, HONEST), votedHeader({ genesisHash, height: 5, timeMs: TIME_MS + 1, seeds: HONEST })]
  const trusted = { height: 5, hash: other.hash as Hex as Hash }
  const { verify } = asking(() => one, { trusted })
  await expect(verify(voted(9, HONEST))).rejects.toEqual(code('HEADER_CONFLICT'))
})
