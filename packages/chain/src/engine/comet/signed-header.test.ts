import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { type Hex, toHex } from '@granary/base'
import { decodeTuple, encodeRecord } from '@granary/protocol/codec'
import {
  type CometCommit,
  type CometHeader,
  type CometValidator,
  cometCommit,
  cometHeader,
  cometHeaderVerifier,
  hashCometHeader,
  hashValidators,
  voteSignBytes,
} from '@granary/protocol/comet'
import type { HeaderVerifier, SignedBytes } from '@granary/protocol/header'
import type { Hash } from '@granary/protocol/messages'
import { beforeAll, expect, test } from '@jest/globals'
import { sha256 } from '@noble/hashes/sha2.js'
import { BinaryWriter } from 'cosmjs-types/binary'
import { Timestamp } from 'cosmjs-types/google/protobuf/timestamp'
import { BlockID, SignedMsgType } from 'cosmjs-types/tendermint/types/types'
import { SimpleValidator } from 'cosmjs-types/tendermint/types/validator'
import { Consensus } from 'cosmjs-types/tendermint/version/types'
import { createCometRpc } from './comet-rpc.ts'
import { signedHeader } from './signed-header.ts'

interface Recorded {
  readonly genesis: { readonly hash: Hash; readonly timeMs: number; readonly validators: readonly Hex[] }
  /** By height, as the application had it after the block before. */
  readonly appHashes: Readonly<Record<string, Hash>>
  readonly answers: readonly {
    readonly commit: { readonly signed_header: { readonly header: { readonly height: string } } }
    readonly validators: { readonly validators: readonly unknown[]; readonly total: string }
  }[]
}

const recorded: Recorded = JSON.parse(
  readFileSync(new URL('../../../test/fixtures/comet-network.json', import.meta.url), 'utf8'),
)
const NEWEST = 15
const HEIGHTS = [1, 2, 4, 5, 6, 7, NEWEST]
const NOW_MS = recorded.genesis.timeMs + 60_000

const blocks = new Map<number, SignedBytes>()

beforeAll(async () => {
  for (const { commit, validators } of recorded.answers) {
    const height = Number(commit.signed_header.header.height)
    const answers: Record<string, unknown> = { commit, validators }
    blocks.set(height, (await signedHeader(async (method) => answers[method], height))!)
  }
})

/** From the genesis alone. */
function headers(genesis = recorded.genesis): HeaderVerifier {
  const { hash, timeMs, validators } = genesis
  const chain = {
    async block(height: number) {
      const { bytes, signature } = blocks.get(height) ?? blocks.get(NEWEST)!
      return { headerBytes: toHex(bytes), signature: toHex(signature) }
    },
  }
  return cometHeaderVerifier({ genesisHash: hash, trusted: { validators, timeMs }, chain, now: () => NOW_MS })
}

test('what a real network answered is believed, over a change of power, one that left and one that was stopped', async () => {
  expect([...blocks.keys()]).toEqual(HEIGHTS)
  const follow = headers()
  for (const height of HEIGHTS) {
    const believed = await follow.verify(blocks.get(height)!)
    expect(believed).toMatchObject({ height, appHash: recorded.appHashes[height] })
    expect(await headers().verify(blocks.get(height)!)).toEqual(believed)
  }
})

test('it is of no other chain, and of no other validators', async () => {
  const { genesis } = recorded
  const others = genesis.validators.map((_, index): Hex => `0x${String(index).padStart(64, '0')}`)
  for (const given of [{ hash: `0x${'00'.repeat(32)}` as Hash }, { validators: others }])
    await expect(headers({ ...genesis, ...given }).verify(blocks.get(1)!)).rejects.toMatchObject({
      code: 'HEADER_NOT_SIGNED',
    })
})

const headerOf = (height: number): CometHeader =>
  cometHeader.fromWire(decodeTuple(blocks.get(height)!.bytes, ''), 'header')
const commitOf = (height: number): CometCommit =>
  cometCommit.fromWire(decodeTuple(blocks.get(height)!.signature, ''), 'commit')

function changed<T>(value: T): T {
  if (typeof value === 'number') return (value + 1) as T
  if (typeof value === 'bigint') return (value + 1n) as T
  if (typeof value === 'string') return `${value.slice(0, -1)}z` as T
  const bytes = value as Uint8Array
  return bytes.with(0, bytes[0]! ^ 1) as T
}

test.each(Object.keys(cometHeader.fields) as (keyof CometHeader)[])(
  'no other %s of a header is believed',
  async (field) => {
    const header = headerOf(NEWEST)
    const bytes = encodeRecord(cometHeader, { ...header, [field]: changed(header[field]) })
    const forged = { ...blocks.get(NEWEST)!, bytes }
    await expect(headers().verify(forged)).rejects.toMatchObject({ code: 'HEADER_NOT_SIGNED' })
  },
)

test('no other vote is believed', async () => {
  const { bytes } = blocks.get(NEWEST)!
  const commit = commitOf(NEWEST)
  const forgeries = (['round', 'partsTotal', 'partsHash'] as const).map((field) => ({
    ...commit,
    [field]: changed(commit[field]),
  }))
  // Of three that are left two have voted: each of them is needed.
  for (const [index, voter] of commit.voters.entries()) {
    if (voter.signature.length === 0) continue
    for (const field of ['publicKey', 'power', 'timeNs', 'signature'] as const)
      forgeries.push({ ...commit, voters: commit.voters.with(index, { ...voter, [field]: changed(voter[field]) }) })
    forgeries.push({ ...commit, voters: commit.voters.with(index, { ...voter, signature: new Uint8Array(0) }) })
    forgeries.push({ ...commit, voters: commit.voters.toSpliced(index, 1) })
    forgeries.push({ ...commit, voters: commit.voters.toSpliced(index, 0, voter) })
  }
  forgeries.push({ ...commit, voters: commit.voters.toReversed() })
  expect(forgeries.length).toBe(3 + 2 * 7 + 1)
  for (const forged of forgeries)
    await expect(headers().verify({ bytes, signature: encodeRecord(cometCommit, forged) })).rejects.toMatchObject({
      code: 'HEADER_NOT_SIGNED',
    })
})

test('a vote for no block, and one that did not come, are not passed on', async () => {
  const [{ commit, validators }] = recorded.answers as [Recorded['answers'][number]]
  const nil = structuredClone(commit) as unknown as {
    signed_header: { commit: { signatures: { block_id_flag: number }[] } }
  }
  nil.signed_header.commit.signatures[0]!.block_id_flag = 3
  const answers: Record<string, unknown> = { commit: nil, validators }
  const given = await signedHeader(async (method) => answers[method], 1)
  const { voters } = cometCommit.fromWire(decodeTuple(given!.signature, ''), 'commit')
  expect(voters.map(({ signature }) => signature.length)).toEqual([0, 64, 64, 0])
  await expect(headers().verify(given!)).rejects.toMatchObject({ code: 'HEADER_NOT_SIGNED' })
})

test('a height that CometBFT has not is none, and validators come by hundreds', async () => {
  expect(await signedHeader(async () => undefined, 1_000)).toBeUndefined()
  const [{ commit, validators }] = recorded.answers as [Recorded['answers'][number]]
  const asked: object[] = []
  await signedHeader(async (method, params) => {
    if (method === 'commit') return commit
    asked.push(params)
    return { ...validators, validators: validators.validators.slice(2 * (asked.length - 1), 2 * asked.length) }
  }, 1)
  expect(asked).toEqual([1, 2].map((page) => ({ height: '1', page: String(page), per_page: '100' })))
})

test('they come over the RPC of CometBFT, whose refusal is no header and whose silence is a fault', async () => {
  const server = createServer(async (request, response) => {
    const { method, params } = (await json(request)) as { method: string; params: { height: string } }
    const answers = recorded.answers.find(({ commit }) => commit.signed_header.header.height === params.height)
    const result = answers && { commit: answers.commit, validators: answers.validators }[method]
    response.end(JSON.stringify(result === undefined ? { error: { message: 'no such height' } } : { result }))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const rpc = createCometRpc(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  expect(await rpc.signedHeader(NEWEST)).toEqual(blocks.get(NEWEST))
  expect(await rpc.signedHeader(1_000)).toBeUndefined()
  server.closeAllConnections()
  await once(server.close(), 'close')
  await expect(rpc.signedHeader(NEWEST)).rejects.toMatchObject({ code: 'CONSENSUS_UNREACHABLE' })
})

/** From the leaves up, level by level: another way than the one that is tested. */
function rootOf(leaves: readonly Uint8Array[]): Uint8Array {
  let level = leaves.map((leaf) => sha256(Buffer.concat([Uint8Array.of(0), leaf])))
  while (level.length > 1) {
    level = Array.from({ length: Math.ceil(level.length / 2) }, (_, index) => {
      const [left, right] = level.slice(2 * index, 2 * index + 2)
      return right === undefined ? left! : sha256(Buffer.concat([Uint8Array.of(1), left!, right]))
    })
  }
  return level[0]!
}

const DRAWS = Array.from({ length: 100 }, (_, index) => index)
const drawn = (max: number): number => Math.floor(Math.random() * max)
const oneOf = <T>(...values: readonly T[]): T => values[drawn(values.length)]!
const bytesOf = (length: number): Uint8Array => new Uint8Array(randomBytes(length))
const hash = (): Uint8Array => oneOf(bytesOf(32), new Uint8Array(0))
const timeOf = (ns: bigint) => ({ seconds: ns / 1_000_000_000n, nanos: Number(ns % 1_000_000_000n) })
const drawnTime = (): bigint =>
  oneOf(
    0n,
    BigInt(drawn(2 ** 31)) * 1_000_000_000n,
    bytesOf(7).reduce((n, b) => n * 256n + BigInt(b), 0n),
  )

function drawnHeader(): CometHeader {
  return {
    blockVersion: drawn(300),
    appVersion: oneOf(0, 1, drawn(2 ** 40)),
    chainId: oneOf('', 'granary', toHex(bytesOf(24)).slice(2)),
    height: oneOf(0, 1, drawn(2 ** 53)),
    timeNs: drawnTime(),
    lastBlockHash: hash(),
    lastPartsTotal: oneOf(0, 1, drawn(2 ** 31)),
    lastPartsHash: hash(),
    lastCommitHash: hash(),
    dataHash: hash(),
    validatorsHash: hash(),
    nextValidatorsHash: hash(),
    consensusHash: hash(),
    appHash: hash(),
    lastResultsHash: hash(),
    evidenceHash: hash(),
    proposerAddress: bytesOf(20),
  }
}

/** A value alone, as google.protobuf.BytesValue and its like wrap it. */
const wrapped = (isEmpty: boolean, write: (writer: BinaryWriter) => BinaryWriter): Uint8Array =>
  (isEmpty ? new BinaryWriter() : write(new BinaryWriter())).finish()
const bytesLeaf = (value: Uint8Array): Uint8Array =>
  wrapped(value.length === 0, (writer) => writer.uint32(0x0a).bytes(value))

test('hashes of headers and validators, and what is voted for, are those of the declared protobuf messages', () => {
  for (const _ of DRAWS) {
    const header = drawnHeader()
    const { blockVersion, appVersion, chainId, height, timeNs, lastBlockHash, lastPartsTotal, lastPartsHash } = header
    const leaves = [
      Consensus.encode({ block: BigInt(blockVersion), app: BigInt(appVersion) }).finish(),
      wrapped(chainId === '', (writer) => writer.uint32(0x0a).string(chainId)),
      wrapped(height === 0, (writer) => writer.uint32(0x08).int64(BigInt(height))),
      Timestamp.encode(timeOf(timeNs)).finish(),
      BlockID.encode({ hash: lastBlockHash, partSetHeader: { total: lastPartsTotal, hash: lastPartsHash } }).finish(),
      ...[header.lastCommitHash, header.dataHash, header.validatorsHash, header.nextValidatorsHash].map(bytesLeaf),
      ...[header.consensusHash, header.appHash, header.lastResultsHash, header.evidenceHash].map(bytesLeaf),
      bytesLeaf(header.proposerAddress),
    ]
    expect(toHex(hashCometHeader(header))).toBe(toHex(rootOf(leaves)))

    const commit: CometCommit = {
      round: oneOf(0, 1, drawn(2 ** 31)),
      partsTotal: drawn(9),
      partsHash: bytesOf(32),
      voters: [],
    }
    const [voted, time] = [bytesOf(32), drawnTime()]
    const { round, partsTotal, partsHash } = commit
    const blockId = { hash: voted, partSetHeader: { total: partsTotal, hash: partsHash } }
    const vote = new BinaryWriter().uint32(0x08).int32(SignedMsgType.SIGNED_MSG_TYPE_PRECOMMIT)
    if (height !== 0) vote.uint32(0x11).sfixed64(BigInt(height))
    if (round !== 0) vote.uint32(0x19).sfixed64(BigInt(round))
    vote.uint32(0x22).bytes(BlockID.encode(blockId).finish())
    vote.uint32(0x2a).bytes(Timestamp.encode(timeOf(time)).finish())
    if (chainId !== '') vote.uint32(0x32).string(chainId)
    const signed = new BinaryWriter().bytes(vote.finish()).finish()
    expect(toHex(voteSignBytes(header, voted, commit, time))).toBe(toHex(signed))

    const validators = Array.from(
      { length: 1 + drawn(9) },
      (): CometValidator => ({ publicKey: bytesOf(32), power: BigInt(drawn(2 ** 50)) }),
    )
    const simple = validators.map(({ publicKey, power }) =>
      SimpleValidator.encode({ pubKey: { ed25519: publicKey }, votingPower: power }).finish(),
    )
    expect(toHex(hashValidators(validators))).toBe(toHex(rootOf(simple)))
  }
})
