import { type Hex, toHex } from '@granary/base'
import { expect, test } from '@jest/globals'
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { encodeRecord } from '../codec/tuple-codec.ts'
import type { Hash } from '../codec/types.ts'
import { type CometCommit, cometCommit, genesisValidators, hashValidators, voteSignBytes } from './comet-commit.ts'
import { type CometHeader, cometChainId, cometHeader, hashCometHeader, NS_A_MS } from './comet-header.ts'
import { type CometVerifierOptions, cometHeaderVerifier } from './comet-header-verifier.ts'

const CHAIN: Hash = `0x${'ab'.repeat(32)}`
const GENESIS_MS = 1_790_000_000_000
const BLOCK_MS = 400
const HOUR_MS = 3_600_000
const EMPTY = new Uint8Array(0)
const digest = (of: string) => sha256(utf8ToBytes(of))

interface Member {
  readonly seed: Uint8Array
  readonly publicKey: Uint8Array
  readonly power: bigint
}

function member(name: string, power = 10): Member {
  const seed = digest(name)
  return { seed, publicKey: ed25519.getPublicKey(seed), power: BigInt(power) }
}

interface Made {
  readonly members: readonly Member[]
  readonly next?: readonly Member[]
  /** @default all */
  readonly signers?: readonly Member[]
  readonly header?: Partial<CometHeader>
  /** What a signer signs. @default the block */
  readonly signed?: (header: CometHeader, hash: Uint8Array, commit: CometCommit, timeNs: bigint) => Uint8Array
}

interface MadeBlock {
  readonly height: number
  readonly hash: Hex
  readonly headerBytes: Hex
  readonly signature: Hex
}

const timeOf = (height: number) => BigInt(GENESIS_MS + height * BLOCK_MS) * NS_A_MS + 123n

function made(height: number, { members, next = members, signers = members, ...rest }: Made): MadeBlock {
  const header: CometHeader = {
    blockVersion: 11,
    appVersion: 1,
    chainId: cometChainId(CHAIN),
    height,
    timeNs: timeOf(height),
    lastBlockHash: digest('last'),
    lastPartsTotal: 1,
    lastPartsHash: digest('last parts'),
    lastCommitHash: digest('last commit'),
    dataHash: digest('data'),
    validatorsHash: hashValidators(members),
    nextValidatorsHash: hashValidators(next),
    consensusHash: digest('consensus'),
    appHash: digest(`state before ${height}`),
    lastResultsHash: digest('results'),
    evidenceHash: digest('evidence'),
    proposerAddress: digest('proposer').subarray(0, 20),
    ...rest.header,
  }
  const hash = hashCometHeader(header)
  const parts = { round: 1, partsTotal: 1, partsHash: digest('parts') }
  const { signed = voteSignBytes } = rest
  const voters = members.map(({ publicKey, power, seed }, index) => {
    const timeNs = header.timeNs + BigInt(index)
    if (!signers.some((signer) => signer.publicKey === publicKey))
      return { publicKey, power, timeNs: 0n, signature: EMPTY }
    const message = signed(header, hash, { ...parts, voters: [] }, timeNs)
    return { publicKey, power, timeNs, signature: ed25519.sign(message, seed) }
  })
  const headerBytes = toHex(encodeRecord(cometHeader, header))
  const signature = toHex(encodeRecord(cometCommit, { ...parts, voters }))
  return { height, hash: toHex(hash), headerBytes, signature }
}

/** Believes a block by its hash, and the others as they follow from it. */
function verifierFrom(
  trusted: MadeBlock,
  others: readonly MadeBlock[] = [],
  options: Partial<CometVerifierOptions> = {},
) {
  const asked: number[] = []
  const chain = {
    async block(height: number) {
      if (height !== trusted.height) asked.push(height)
      return [trusted, ...others].find((each) => each.height === height)!
    },
  }
  const now = () => GENESIS_MS + HOUR_MS
  const headers = cometHeaderVerifier({ genesisHash: CHAIN, trusted, chain, now, ...options })
  const verify = async ({ headerBytes, signature }: MadeBlock) =>
    headers.verify({ bytes: fromHex(headerBytes), signature: fromHex(signature) })
  return { verify, asked }
}

const fromHex = (hex: Hex) => new Uint8Array(Buffer.from(hex.slice(2), 'hex'))
const [ann, ben, cat, dan] = ['ann', 'ben', 'cat', 'dan'].map((name) => member(name)) as [
  Member,
  Member,
  Member,
  Member,
]
const four = [ann, ben, cat, dan]
const first = made(1, { members: four })
const code = (code: string) => expect.objectContaining({ code })

test('what a header says is believed with the votes for it', async () => {
  const { verify } = verifierFrom(first)
  const block = made(9, { members: four, signers: [ann, cat, dan] })
  expect(await verify(block)).toEqual({
    height: 9,
    timeMs: GENESIS_MS + 9 * BLOCK_MS,
    appHash: toHex(digest('state before 9')),
    hash: block.hash,
  })
})

test('trust begins at the validators of the genesis, in the order of their addresses', async () => {
  const keys = four.map(({ publicKey }) => toHex(publicKey))
  const members = genesisValidators(keys).map(
    ({ publicKey }) => four.find((each) => toHex(each.publicKey) === toHex(publicKey))!,
  )
  const trusted = { validators: keys, timeMs: GENESIS_MS }
  for (const height of [1, 50]) {
    const { verify } = verifierFrom(first, [], { trusted })
    expect(await verify(made(height, { members }))).toMatchObject({ height })
    await expect(verify(made(height + 1, { members: four.with(0, member('eve')) }))).rejects.toEqual(
      code('HEADER_NOT_SIGNED'),
    )
  }
})

test.each([
  [201, 99, true],
  [200, 100, false],
  [199, 101, false],
])(
  'votes of %i, none of %i: more than two thirds of the power have to be for a block',
  async (votes, others, enough) => {
    const members = [member('ann', votes), member('ben', others)]
    const { verify } = verifierFrom(made(1, { members }))
    const next = verify(made(2, { members, signers: [members[0]!] }))
    if (enough) expect(await next).toMatchObject({ height: 2 })
    else await expect(next).rejects.toEqual(code('HEADER_NOT_SIGNED'))
  },
)

test.each([
  [101, 199, []],
  [100, 200, [3, 4]],
  [99, 201, [3, 4]],
])(
  'votes of %i of those that are trusted, none of %i: more than a third leads over other headers',
  async (votes, others, asks) => {
    const [staying, leaving, coming] = [member('ann', votes), member('ben', others), member('eve', 1_000)] as const
    const [before, after] = [
      [staying, leaving],
      [staying, coming],
    ]
    const between = [made(3, { members: before, next: after }), made(4, { members: after })]
    const { verify, asked } = verifierFrom(made(1, { members: before }), between)
    expect(await verify(made(5, { members: after }))).toMatchObject({ height: 5 })
    expect(asked).toEqual(asks)
  },
)

test('the way over headers whose validators change one by one is found by halves', async () => {
  const all = Array.from({ length: 20 }, (_, index) => member(`v${index}`))
  const setAt = (height: number) => all.slice(height >> 2, (height >> 2) + 4)
  const blocks = Array.from({ length: 32 }, (_, index) =>
    made(index + 1, { members: setAt(index + 1), next: setAt(index + 2) }),
  )
  const { verify, asked } = verifierFrom(blocks[0]!, blocks)
  expect(await verify(blocks[31]!)).toMatchObject({ height: 32 })
  expect(asked.length).toBeLessThan(10)
  const before = asked.length
  expect(await verify(blocks[31]!)).toMatchObject({ height: 32 })
  expect(await verify(made(34, { members: setAt(34) }))).toMatchObject({ height: 34 })
  expect(asked.length).toBe(before)
})

test('the next header has the validators that the one before it names, though enough of the others have voted', async () => {
  const eve = member('eve')
  const { verify } = verifierFrom(made(1, { members: four, next: four.with(0, eve) }))
  await expect(verify(made(2, { members: four }))).rejects.toEqual(code('HEADER_NOT_SIGNED'))
  expect(await verify(made(2, { members: four.with(0, eve) }))).toMatchObject({ height: 2 })
})

const eve = member('eve', 1_000)
test.each<[string, string, MadeBlock]>([
  ['another chain', 'of the chain cdcd', made(2, { members: four, header: { chainId: 'cdcd' } })],
  [
    'other validators than it names',
    'it has other validators',
    made(2, { members: [...four, eve], header: { validatorsHash: hashValidators(four) } }),
  ],
  ['strangers', 'the header before it names other validators', made(2, { members: [eve] })],
  ['a validator twice', 'a validator twice', made(3, { members: [ann, ann, ben, cat], signers: [ann] })],
  ['nobody', 'too few validators', made(2, { members: four, signers: [] })],
  [
    'votes for no block',
    'a vote is not signed',
    made(2, { members: four, signed: (header, _, { round }, timeNs) => nilVote(header, round, timeNs) }),
  ],
  [
    'votes of another height',
    'a vote is not signed',
    made(2, { members: four, signed: (header, ...rest) => voteSignBytes({ ...header, height: 3 }, ...rest) }),
  ],
  [
    'votes of another round',
    'a vote is not signed',
    made(2, {
      members: four,
      signed: (header, hash, commit, timeNs) => voteSignBytes(header, hash, { ...commit, round: 0 }, timeNs),
    }),
  ],
  [
    'votes of another chain',
    'a vote is not signed',
    made(2, { members: four, signed: (header, ...rest) => voteSignBytes({ ...header, chainId: 'other' }, ...rest) }),
  ],
  ['a time that is not later', 'not later than block 1', made(2, { members: four, header: { timeNs: timeOf(1) } })],
])('a header with %s is not believed', async (_, why, block) => {
  await expect(verifierFrom(first).verify(block)).rejects.toMatchObject({
    code: 'HEADER_NOT_SIGNED',
    message: expect.stringContaining(why),
  })
})

/** Without a block, so without field 4. */
function nilVote(header: CometHeader, round: number, timeNs: bigint): Uint8Array {
  const empty = { round, partsTotal: 0, partsHash: EMPTY, voters: [] }
  const bytes = voteSignBytes(header, EMPTY, empty, timeNs)
  const at = bytes.findIndex((_, index) => toHex(bytes.subarray(index, index + 4)) === '0x22021200')
  if (at === -1) throw new Error('there is no empty block id')
  return Uint8Array.of(bytes[0]! - 4, ...bytes.subarray(1, at), ...bytes.subarray(at + 4))
}

test('a signature of 63 bytes, and bytes that are no header, are refused as what is not signed', async () => {
  const { verify } = verifierFrom(first)
  const block = made(2, { members: four })
  const voters = four.map(({ publicKey, power }) => ({ publicKey, power, timeNs: 1n, signature: new Uint8Array(63) }))
  const short = toHex(encodeRecord(cometCommit, { round: 0, partsTotal: 1, partsHash: digest('parts'), voters }))
  for (const given of [
    { signature: short },
    { signature: '0x' },
    { headerBytes: '0x80' },
    { headerBytes: '0xff' },
  ] as const)
    await expect(verify({ ...block, ...given })).rejects.toEqual(code('HEADER_NOT_SIGNED'))
})

test('validators answer for a block for 32 hours, and not for one of the future', async () => {
  const trustedMs = GENESIS_MS + BLOCK_MS
  const at = (now: number) => verifierFrom(first, [], { now: () => now })
  const last = trustedMs + 32 * HOUR_MS
  expect(await at(last - 1).verify(made(2, { members: four }))).toMatchObject({ height: 2 })
  await expect(at(last).verify(made(2, { members: four }))).rejects.toMatchObject({
    code: 'TRUST_EXPIRED',
    details: { height: 1 },
  })
  const blockMs = GENESIS_MS + 2 * BLOCK_MS
  expect(await at(blockMs - 9_999).verify(made(2, { members: four }))).toMatchObject({ height: 2 })
  await expect(at(blockMs - 10_000).verify(made(2, { members: four }))).rejects.toMatchObject({
    code: 'HEADER_FROM_FUTURE',
    retryable: true,
  })
})

test('two headers of one height that validators have signed are a conflict; what is before the trusted one is not known', async () => {
  const { verify } = verifierFrom(made(5, { members: four }))
  await verify(made(7, { members: four }))
  expect(await verify(made(6, { members: four }))).toMatchObject({ height: 6 })
  await expect(verify(made(7, { members: four, header: { appHash: digest('another') } }))).rejects.toEqual(
    code('HEADER_CONFLICT'),
  )
  await expect(verify(made(4, { members: four }))).rejects.toEqual(code('PROOF_STALE'))
  await expect(verify(made(5, { members: four, header: { appHash: digest('another') } }))).rejects.toEqual(
    code('PROOF_STALE'),
  )
})

test('the block that is trusted has the hash by which it is', async () => {
  const trusted = { height: 1, hash: toHex(digest('another')) }
  await expect(verifierFrom(first, [], { trusted }).verify(made(2, { members: four }))).rejects.toEqual(
    code('HEADER_CONFLICT'),
  )
  const disguised = { ...made(1, { members: [eve] }), headerBytes: first.headerBytes, hash: first.hash }
  await expect(verifierFrom(disguised).verify(made(2, { members: four }))).rejects.toEqual(code('HEADER_NOT_SIGNED'))
  const misnumbered = { block: async () => made(2, { members: four }) }
  await expect(verifierFrom(first, [], { chain: misnumbered }).verify(made(3, { members: four }))).rejects.toEqual(
    code('HEADER_NOT_SIGNED'),
  )
})

test('votes are judged by ZIP-215, as CometBFT judges them', async () => {
  // A key of small order: with this signature it has signed everything, which RFC 8032 leaves open and others refuse.
  const publicKey = Uint8Array.of(1, ...new Uint8Array(31))
  const voter = { publicKey, power: 1_000n, timeNs: 1n, signature: Uint8Array.of(1, ...new Uint8Array(63)) }
  const block = made(2, { members: [{ ...ann, publicKey, power: 1_000n }], signers: [] })
  const commit = { round: 0, partsTotal: 1, partsHash: digest('parts'), voters: [voter] }
  const { verify } = verifierFrom(made(1, { members: [{ ...ann, publicKey, power: 1_000n }], signers: [] }))
  expect(await verify({ ...block, signature: toHex(encodeRecord(cometCommit, commit)) })).toMatchObject({ height: 2 })
})
