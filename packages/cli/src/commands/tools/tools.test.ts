/** The tools, checked against the vectors that other implementations gave. */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parsePieceCid } from '@granary/proofs/verify'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { granary, spawnGranary } from '../../../test/granary.ts'

const home = mkdtempSync(join(tmpdir(), 'granary-tools-'))
const at = (name: string) => join(home, name)

interface Envelope {
  readonly ok: boolean
  readonly code: string
  // biome-ignore lint/suspicious/noExplicitAny: each command has its own data, and a test says what it expects of it
  readonly data: any
  readonly error: { readonly code: string; readonly message: string } | null
}

interface Ran extends Envelope {
  readonly exit: number
}

/** Standard output has to be one JSON document and nothing else. */
async function tools(args: readonly string[], stdin: Iterable<Uint8Array> = []): Promise<Ran> {
  const env = { GRANARY_HOME: home, GRANARY_CACHE: at('cache') }
  const { code, stdout } = await granary(['tools', ...args, '--json'], env, stdin)
  return { exit: code!, ...(JSON.parse(stdout) as Envelope) }
}

function vectors<T>(name: string): T {
  const path = new URL(`../../../../proofs/vectors/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(path, 'utf8')) as T
}

function write(name: string, bytes: Uint8Array): string {
  writeFileSync(at(name), bytes)
  return at(name)
}

function flipped(hex: string): string {
  return `${hex.slice(0, -1)}${(Number.parseInt(hex.slice(-1), 16) ^ 1).toString(16)}`
}

const sealVector = vectors<{ items: Record<string, string>[] }>('seal-2KiB').items[0]!
const seed = 'a5'.repeat(32)
const free = ['--sector-size', '2048', '--layers', '2', '--porep-id', sealVector.porep_id!]
const identity = ['--prover', sealVector.prover_id!, '--sector', '1', '--ticket', sealVector.ticket!]
const noise = new Uint8Array(2032).map((_, i) => (i * 131 + (i >> 3)) & 0xff)

let zeros: Ran
let sealed: Ran

beforeAll(async () => {
  const sealZeros = [
    'seal',
    ...free,
    ...identity,
    '--data',
    write('zeros', new Uint8Array(0)),
    '--out',
    at('zero-sector'),
  ]
  const sealNoise = ['seal', ...free, ...identity, '--data', write('noise', noise), '--out', at('sector')]
  zeros = await tools(sealZeros)
  sealed = await tools(sealNoise)
}, 60_000)

afterAll(() => rmSync(home, { recursive: true, force: true }))

describe('commp', () => {
  const { items } = vectors<{
    items: { payload_len: number; padded: number; piece_cid_v1: string; piece_cid_v2: string }[]
  }>('piece-cid-v2')

  test.each(items.slice(0, 4))('$payload_len bytes of the published payload', async (item) => {
    const payload = new Uint8Array(item.payload_len)
    payload.subarray(0, 508).forEach((_, i) => {
      payload[i] = Math.floor(i / 127)
    })
    const { exit, data } = await tools(['commp', write(`payload-${item.payload_len}`, payload)])
    expect({ exit, data }).toEqual({
      exit: 0,
      data: {
        pieceCid: item.piece_cid_v2,
        pieceCidV1: item.piece_cid_v1,
        pieceSize: item.padded,
        payloadSize: item.payload_len,
      },
    })
  })

  test('the same from standard input', async () => {
    const [fromStdin, fromFile, fromPipe] = await Promise.all([
      tools(['commp', '-'], [noise]),
      tools(['commp', write('n', noise)]),
      // A pipe has a descriptor, from which the kernel reads by itself.
      spawnGranary(['tools', 'commp', '-', '--json'], noise),
    ])
    expect(fromStdin.data).toEqual(fromFile.data)
    expect(JSON.parse(fromPipe.stdout).data).toEqual(fromFile.data)
    expect(fromStdin.data.payloadSize).toBe(2032)
  })

  test('a file that is not there', async () => {
    expect(await tools(['commp', at('nowhere')])).toMatchObject({ exit: 1, ok: false, data: null })
  })
})

describe('aggregate', () => {
  /** As in FRC-0058, spelled out once more. */
  function rootOf(leaf: Buffer, { index, siblings }: { index: number; siblings: string[] }): Buffer {
    let node = leaf
    siblings.forEach((sibling, level) => {
      const pair = [node, Buffer.from(sibling, 'hex')]
      node = createHash('sha256')
        .update(Buffer.concat((index >> level) & 1 ? pair.reverse() : pair))
        .digest()
      node[31]! &= 0x3f
    })
    return node
  }
  const rootIn = (cid: string) => Buffer.from(parsePieceCid(cid).root)

  test('every file is proven to be in it, at its place', async () => {
    const files = [write('a', noise), write('b', noise.subarray(0, 500)), write('c', noise.subarray(7, 1000))]
    const { data } = await tools(['aggregate', ...files])
    expect(data.segments.map((one: { offset: number }) => one.offset)).toEqual([0, 2048, 3072])
    expect(data.pieceSize).toBe(8192)
    for (const { pieceCidV1, offset, size, verified, proof } of data.segments) {
      expect({ verified, offset }).toEqual({ verified: true, offset: proof.segment.index * size })
      expect(rootOf(rootIn(pieceCidV1), proof.segment).equals(rootIn(data.pieceCidV1))).toBe(true)
    }
  })
})

describe('car', () => {
  test('the same file gives the same bytes, and its commitment is that of the CAR', async () => {
    const file = write('file', noise)
    const [one, two] = await Promise.all(['1.car', '2.car'].map((name) => tools(['car', file, '-o', at(name)])))
    expect(one!.data).toEqual(two!.data)
    const car = readFileSync(at('1.car'))
    expect(car.equals(readFileSync(at('2.car')))).toBe(true)
    const { pieceCid, pieceSize, payloadSize } = (await tools(['commp', at('1.car')])).data
    expect(one!.data).toEqual({ rootCid: expect.any(String), carSize: car.length, blocks: 2, pieceCid, pieceSize })
    expect(payloadSize).toBe(car.length)
  })

  test('a folder is packed too, and what is neither is refused by name', async () => {
    mkdirSync(at('folder'))
    write('folder/one', noise)
    const { exit, data } = await tools(['car', at('folder'), '-o', at('folder.car')])
    expect({ exit, blocks: data.blocks, carSize: data.carSize }).toEqual({
      exit: 0,
      blocks: 2,
      carSize: readFileSync(at('folder.car')).length,
    })
    const nowhere = await tools(['car', at('nowhere'), '-o', at('folder.car')])
    expect(nowhere).toMatchObject({ exit: 1, code: 'FILE_UNREADABLE' })
  })
})

test('parents: the digest that rust-fil-proofs has', async () => {
  const [item] = vectors<{ digests: { porepId: string; nodes: number; sha256: string }[] }>('parents').digests
  const { exit, data } = await tools(['parents', '--porep-id', item!.porepId, '--nodes', `${item!.nodes}`])
  expect({ exit, data }).toEqual({ exit: 0, data: { sha256: item!.sha256 } })
})

describe('seal and unseal', () => {
  test('the sector published with Lotus, to its last digest', () => {
    expect(zeros).toMatchObject({
      exit: 0,
      data: {
        replicaId: sealVector.replica_id,
        commD: sealVector.comm_d,
        layers: [sealVector.labels_layer1_sha256, sealVector.labels_layer2_sha256],
        replicaSha256: sealVector.replica_sha256,
      },
    })
  })

  test('a profile by its name is the same sector', async () => {
    const args = ['seal', '--profile', '2KiB-test', ...identity, '--data', at('zeros'), '--out', at('by-name')]
    const { data } = await tools(args)
    expect({ ...data, seconds: 0 }).toEqual({ ...zeros.data, seconds: 0 })
  })

  test('what it says of the replica is what lies there', () => {
    const digest = createHash('sha256')
      .update(readFileSync(join(at('sector'), 'replica')))
      .digest('hex')
    expect(sealed.data.replicaSha256).toBe(digest)
  })

  test('a prover id that belongs to no number seals and proves', async () => {
    const odd = ['--prover', 'ff'.repeat(32), '--sector', '9', '--ticket', seed]
    const { data } = await tools(['seal', ...free, ...odd, '--data', at('noise'), '--out', at('odd')])
    await tools(['porep', 'prove', '--in', at('odd'), '--seed', seed, '--out', at('odd.porep')])
    const judge = ['porep', 'verify', at('odd.porep'), ...free, ...odd, '--seed', seed]
    expect(await tools([...judge, '--comm-d', data.commD, '--comm-r', data.commR])).toMatchObject({ exit: 0 })
  })

  test('unseal gives the whole payload back', async () => {
    const { exit } = await tools(['unseal', '--in', at('sector'), '--out', at('unsealed')])
    expect(exit).toBe(0)
    expect(readFileSync(at('unsealed')).equals(noise)).toBe(true)
  })

  test('more data than the sector holds', async () => {
    const large = write('large', new Uint8Array(2033))
    const args = ['seal', ...free, ...identity, '--data', large, '--out', at('too-large')]
    expect(await tools(args)).toMatchObject({ exit: 1, code: 'PIECE_FILE_INVALID' })
  })
})

describe('porep', () => {
  const statement = () => ({ '--comm-d': sealed.data.commD as string, '--comm-r': sealed.data.commR as string })
  const verify = (file: string, changed: Record<string, string> = {}) => {
    const options = {
      '--prover': sealVector.prover_id!,
      '--sector': '1',
      '--ticket': sealVector.ticket!,
      '--seed': seed,
      '--challenges': '20',
      ...statement(),
      ...changed,
    }
    return tools(['porep', 'verify', at(file), ...free, ...Object.entries(options).flat()])
  }

  beforeAll(async () => {
    await tools(['porep', 'prove', '--in', at('sector'), '--seed', seed, '--challenges', '20', '--out', at('porep')])
    const bundle = readFileSync(at('porep'))
    bundle[bundle.length - 1]! ^= 1
    write('porep-flipped', bundle)
    write('porep-longer', new Uint8Array([...bundle, 0]))
  })

  test('a valid bundle', async () => {
    expect(await verify('porep')).toMatchObject({ exit: 0, ok: true, data: { ok: true } })
  })

  test.each([
    ['porep-flipped', {}, 'REPLICA_NOT_IN_COMM_R'],
    ['porep-longer', {}, 'BUNDLE_LENGTH_WRONG'],
    ['porep', { '--seed': '00'.repeat(32) }, undefined],
    ['porep', { '--sector': '2' }, undefined],
    ['porep', { '--prover': 'ff'.repeat(32) }, undefined],
    ['porep', { '--ticket': 'FF'.repeat(32) }, undefined],
    ['porep', { '--challenges': '19' }, undefined],
    ['porep', { '--comm-r': '00'.repeat(32) }, 'COMMITMENT_ZERO'],
    ['porep', { '--comm-d': '00'.repeat(32) }, undefined],
  ] as const)('%s with %j is judged and refused', async (file, changed, reason) => {
    const { exit, ok, code, data } = await verify(file, changed as Record<string, string>)
    expect({ exit, ok, code, data }).toEqual({
      exit: 1,
      ok: false,
      code: data.reason,
      data: { ok: false, reason: data.reason },
    })
    expect(data.reason).toEqual(reason ?? expect.any(String))
  })

  test.each([
    ['hex of 31 bytes', { '--seed': 'a5'.repeat(31) }],
    ['what is no hex', { '--ticket': 'zz'.repeat(32) }],
    ['a sector number that is none', { '--sector': '-1' }],
    ['no challenges', { '--challenges': '0' }],
    ['a sector of no power of two', { '--sector-size': '3000' }],
    ['two ways to say the profile', { '--profile': '2KiB-test' }],
  ])('%s is a usage error', async (_, changed) => {
    expect(await verify('porep', changed)).toMatchObject({ exit: 2, ok: false, code: 'USAGE', data: null })
  })
})

describe('post', () => {
  const challenge = { '--provider': '77', '--partition': '3', '--randomness': seed, '--count': '10' }
  const verify = (file: string, changed: Record<string, string> = {}, list = [zeros, sealed]) => {
    const commRs = list.map(({ data }) => data.commR as string)
    const options = Object.entries({ '--nodes': '64', ...challenge, ...changed }).flat()
    return tools(['post', 'verify', at(file), '--comm-r', ...commRs, ...options])
  }

  beforeAll(async () => {
    const dirs = [at('zero-sector'), at('sector')]
    await tools(['post', 'prove', '--in', ...dirs, ...Object.entries(challenge).flat(), '--out', at('post')])
    const bundle = readFileSync(at('post'))
    bundle[bundle.length - 1]! ^= 1
    write('post-flipped', bundle)
  })

  test('a valid bundle, whoever sealed', async () => {
    expect(await verify('post')).toMatchObject({ exit: 0, ok: true, data: { ok: true } })
  })

  test('a flipped byte, another challenge and another list are judged and refused', async () => {
    const refused = await Promise.all([
      verify('post-flipped'),
      verify('post', { '--provider': '78' }),
      verify('post', { '--partition': '4' }),
      verify('post', { '--randomness': flipped(seed) }),
      verify('post', { '--count': '11' }),
      verify('post', {}, [sealed, zeros]),
      verify('post', {}, [zeros]),
    ])
    for (const { exit, data } of refused) expect({ exit, ok: data.ok }).toEqual({ exit: 1, ok: false })
    expect(refused[0]!.data.reason).toBe('REPLICA_NOT_IN_COMM_R')
  })

  test.each([
    ['no samples', { '--count': '0' }],
    ['nodes that are no power of two', { '--nodes': '65' }],
    ['randomness of 33 bytes', { '--randomness': `${seed}00` }],
  ])('%s is a usage error', async (_, changed) => {
    expect(await verify('post', changed)).toMatchObject({ exit: 2, code: 'USAGE' })
  })
})

test('a simulation without room for every strategy is a usage error that says how many there are', async () => {
  const refused = await tools(['sim', '--providers', '10'])
  expect(refused).toMatchObject({
    exit: 2,
    code: 'SIM_OPTIONS_INVALID',
    error: { hint: expect.stringContaining('11') },
  })
})

test('a measurement of another engine is a usage error, and without CometBFT none of validators begins', async () => {
  const bench = ['bench', 'chain', '--engine']
  for (const [engine, part] of [
    ['comet', 'growth'],
    ['embedded', 'seal'],
  ] as const)
    expect(await tools([...bench, engine, '--only', part])).toMatchObject({ exit: 2, code: 'USAGE' })
  const missing = await tools([...bench, 'comet', '--cometbft', at('no-such-program')])
  expect(missing).toMatchObject({ exit: 1, code: 'COMETBFT_MISSING' })
})
