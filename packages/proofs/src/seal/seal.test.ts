import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { sealedSector, sealInput, temporaryFolder } from '../../test/sealed-sector.ts'
import { fromHex, hex, noise, vectors } from '../../test/support.ts'
import { useKernel } from '../../test/with-kernel.ts'
import { createPieceHasher } from '../piece/index.ts'
import { columnHash, commROf } from '../spec/commitments.ts'
import { addNodes } from '../spec/field.ts'
import { padFr32 } from '../spec/fr32.ts'
import { hashPairs, hashPairs254, reduceInPlace } from '../spec/hash-pairs.ts'
import { profiles } from '../spec/profile.ts'
import { computeCommD, parsePieceCid, placePieces } from '../verify/index.ts'
import { finalizeSector, type SealInput, type SealProgress, sealSector, unsealPiece } from './index.ts'

const profile = profiles['2KiB-test']
const PAYLOADS = [200, 100, 500]
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeAll(async () => {
  folder = await temporaryFolder()
})
afterAll(() => folder.remove())

interface SealVector {
  case: string
  prover_id: string
  sector_id: number
  ticket: string
  comm_d: string
  comm_d_cid: string
  replica_id: string
  labels_layer1_sha256: string
  labels_layer2_sha256: string
  replica_sha256: string
  replica_node0: string
  replica_node63: string
}

describe.each(['c', 'ts'])('with GRANARY_KERNEL=%s', (name) => {
  test.each(vectors<{ items: SealVector[] }>('seal-2KiB').items)(
    '$case: layers and replica are the published ones',
    async (item) => {
      using _ = useKernel(name)
      const dir = join(folder.path, `vector-${name}`)
      const sealed = await sealSector({
        profile,
        provider: 1000,
        sectorNumber: item.sector_id,
        ticket: fromHex(item.ticket),
        pieces: [],
        dir,
        parentsDir: join(folder.path, 'parents'),
      })
      const replica = await readFile(join(dir, 'replica'))
      expect(hex(sealed.commD)).toBe(item.comm_d)
      expect(hex(parsePieceCid(item.comm_d_cid).root)).toBe(item.comm_d)
      expect(hex(sealed.replicaId)).toBe(item.replica_id)
      expect(sha256(await readFile(join(dir, 'layer-1')))).toBe(item.labels_layer1_sha256)
      expect(sha256(await readFile(join(dir, 'layer-2')))).toBe(item.labels_layer2_sha256)
      expect(sha256(replica)).toBe(item.replica_sha256)
      expect(hex(replica.subarray(0, 32))).toBe(item.replica_node0)
      expect(hex(replica.subarray(-32))).toBe(item.replica_node63)
    },
  )
})

test('the commitments are those of the rule, over data, labels and replica', async () => {
  const { input, sealed } = await sealedSector(folder.path, profile, PAYLOADS, 1)
  const read = async (name: string) => new Uint8Array(await readFile(join(input.dir, name)))
  const data = new Uint8Array(2048)
  const pieces = []
  const offsets = placePieces([256, 128, 512], 2048)
  for (const [i, piece] of input.pieces.entries()) {
    const payload = new Uint8Array(await readFile(piece.path))
    data.set(padFr32(payload), offsets[i]!)
    const hasher = createPieceHasher()
    hasher.write(payload)
    pieces.push(hasher.digest())
  }
  expect(offsets).toEqual([0, 256, 512])
  expect(hex(sealed.commD)).toBe(hex(computeCommD(pieces, 2048)))
  expect(hex(sealed.commD)).toBe(hex(reduceInPlace(data.slice(), hashPairs254)))
  const [layer1, layer2, replica] = [await read('layer-1'), await read('layer-2'), await read('replica')]
  const encoded = new Uint8Array(2048)
  addNodes(layer2, data, encoded)
  expect(hex(replica)).toBe(hex(encoded))
  expect(hex(sealed.commRLast)).toBe(hex(reduceInPlace(replica, hashPairs)))
  const columns = new Uint8Array(2048)
  for (let at = 0; at < 2048; at += 32)
    columns.set(columnHash(new Uint8Array([...layer1.subarray(at, at + 32), ...layer2.subarray(at, at + 32)])), at)
  expect(hex(sealed.commC)).toBe(hex(reduceInPlace(columns, hashPairs)))
  expect(hex(sealed.commR)).toBe(hex(commROf(sealed.commC, sealed.commRLast)))
})

test('progress names each layer and step, once', async () => {
  const input = await sealInput(folder.path, profile, PAYLOADS, 2)
  const seen: SealProgress[] = []
  const onProgress = (progress: SealProgress) => seen.push(progress)
  await sealSector(input, { onProgress })
  // How often the table and a layer report on their way is the kernel's own affair.
  const steps = seen.filter(({ type }) => type !== 'seal:parents' && type !== 'seal:labels')
  expect(steps).toEqual([
    { type: 'seal:layer', layer: 1, layers: 2 },
    { type: 'seal:layer', layer: 2, layers: 2 },
    { type: 'seal:trees' },
    { type: 'seal:encode' },
    { type: 'seal:done' },
  ])
  await sealSector(input, { onProgress })
  expect(seen.filter((progress) => progress.type === 'seal:done')).toHaveLength(1)
})

describe('a sealing that was stopped', () => {
  /** Stops at the first progress of that type; what is on the disk then is what a kill leaves, and more. */
  async function stopAt(input: SealInput, type: SealProgress['type'], layer?: number): Promise<void> {
    const controller = new AbortController()
    const onProgress = (progress: SealProgress) => {
      if (progress.type === type && (progress.type !== 'seal:layer' || progress.layer === layer)) controller.abort()
    }
    await expect(sealSector(input, { signal: controller.signal, onProgress })).rejects.toMatchObject({
      name: 'AbortError',
    })
    await writeFile(join(input.dir, 'layer-9.tmp'), 'torn')
  }

  async function resume(input: SealInput): Promise<{ layers: number[]; replica: string }> {
    const layers: number[] = []
    await sealSector(input, {
      onProgress: (progress) => {
        if (progress.type === 'seal:layer') layers.push(progress.layer)
      },
    })
    expect((await readdir(input.dir)).filter((name) => name.endsWith('.tmp'))).toEqual([])
    return { layers, replica: hex(await readFile(join(input.dir, 'replica'))) }
  }

  async function untouched(sectorNumber: number): Promise<string> {
    const other = await temporaryFolder()
    const { input } = await sealedSector(other.path, profile, PAYLOADS, sectorNumber)
    const replica = hex(await readFile(join(input.dir, 'replica')))
    await other.remove()
    return replica
  }

  test('goes on after the last finished layer', async () => {
    const input = await sealInput(folder.path, profile, PAYLOADS, 11)
    await stopAt(input, 'seal:layer', 1)
    const before = await stat(join(input.dir, 'layer-1'))
    expect(await resume(input)).toEqual({ layers: [2], replica: await untouched(11) })
    expect((await stat(join(input.dir, 'layer-1'))).mtimeMs).toBe(before.mtimeMs)
  })

  test.each([
    ['seal:trees', 12],
    ['seal:encode', 13],
  ] as const)('at %s makes no layer again', async (type, number) => {
    const input = await sealInput(folder.path, profile, PAYLOADS, number)
    await stopAt(input, type)
    expect(await resume(input)).toEqual({ layers: [], replica: await untouched(number) })
  })

  test('makes a damaged layer again, and only that one', async () => {
    const input = await sealInput(folder.path, profile, PAYLOADS, 14)
    await stopAt(input, 'seal:trees')
    const path = join(input.dir, 'layer-1')
    const layer = await readFile(path)
    layer[99]! ^= 1
    await writeFile(path, layer)
    expect(await resume(input)).toEqual({ layers: [1], replica: await untouched(14) })
  })

  test('refuses to go on with other pieces, another ticket or another number', async () => {
    const input = await sealInput(folder.path, profile, PAYLOADS, 15)
    await stopAt(input, 'seal:trees')
    const mismatch = { code: 'SECTOR_DIR_MISMATCH' }
    await expect(sealSector({ ...input, sectorNumber: 16 })).rejects.toMatchObject(mismatch)
    await expect(sealSector({ ...input, provider: 1 })).rejects.toMatchObject(mismatch)
    await expect(sealSector({ ...input, ticket: noise('other', 32) })).rejects.toMatchObject(mismatch)
    await expect(sealSector({ ...input, pieces: input.pieces.slice(1) })).rejects.toMatchObject(mismatch)
    await expect(sealSector({ ...input, profile: profiles['8MiB-dev'] })).rejects.toMatchObject(mismatch)
    await writeFile(input.pieces[0]!.path, noise('changed', PAYLOADS[0]!))
    await expect(sealSector(input)).rejects.toMatchObject({ code: 'SECTOR_DATA_CHANGED' })
  })
})

describe('refused before anything is written', () => {
  test.each([
    ['a ticket of 31 bytes', { ticket: new Uint8Array(31) }, 'SEAL_INPUT_INVALID'],
    ['a negative sector number', { sectorNumber: -1 }, 'SEAL_INPUT_INVALID'],
    ['a provider that is no integer', { provider: 1.5 }, 'SEAL_INPUT_INVALID'],
    ['pieces that do not fit', { pieces: [{ path: 'x', payloadSize: 1, paddedSize: 4096 }] }, 'PIECES_DO_NOT_FIT'],
    [
      'a piece size that is no power of two',
      { pieces: [{ path: 'x', payloadSize: 1, paddedSize: 200 }] },
      'PIECE_SIZE_INVALID',
    ],
    [
      'a piece file that is missing',
      { pieces: [{ path: '/nowhere', payloadSize: 1, paddedSize: 128 }] },
      'PIECE_FILE_INVALID',
    ],
  ])('%s', async (_, change, code) => {
    const input = { ...(await sealInput(folder.path, profile, [], 21)), ...change }
    await expect(sealSector(input)).rejects.toMatchObject({ code })
    await expect(stat(input.dir)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('a piece file of another size than said', async () => {
    const input = await sealInput(folder.path, profile, [100], 22)
    await writeFile(input.pieces[0]!.path, 'short')
    await expect(sealSector(input)).rejects.toMatchObject({ code: 'PIECE_FILE_INVALID' })
  })

  test('a payload that is larger than its piece', async () => {
    const input = await sealInput(folder.path, profile, [200], 23)
    const pieces = [{ ...input.pieces[0]!, paddedSize: 128 }]
    await expect(sealSector({ ...input, pieces })).rejects.toMatchObject({ code: 'PIECE_FILE_INVALID' })
  })
})

describe('unsealing', () => {
  test('gives back each piece, before the layers are dropped and after', async () => {
    const { input } = await sealedSector(folder.path, profile, [...PAYLOADS, 0, 127], 31)
    const offsets = placePieces(
      input.pieces.map((piece) => piece.paddedSize),
      2048,
    )
    const out = join(folder.path, 'out')
    const check = async () => {
      for (const [i, { path, payloadSize }] of input.pieces.entries()) {
        await unsealPiece({ ...input, offset: offsets[i]!, payloadSize, out })
        expect(hex(await readFile(out))).toBe(hex(await readFile(path)))
      }
    }
    await check()
    await finalizeSector(input.dir)
    await check()
    expect((await readdir(input.dir)).sort()).toEqual(['manifest.json', 'replica', 'tree-d', 'tree-r'])
  })

  test('removes what a killed unsealing left, and not what another one is at', async () => {
    const { input } = await sealedSector(folder.path, profile, PAYLOADS, 33)
    await finalizeSector(input.dir)
    const [dead, alive] = [join(input.dir, 'unseal-4194304999-x'), join(input.dir, `unseal-${process.pid}-x`)]
    for (const left of [dead, alive]) await mkdir(left)
    await unsealPiece({ ...input, offset: 0, payloadSize: 10, out: join(folder.path, 'out') })
    expect(await readdir(input.dir)).not.toContain(basename(dead))
    expect(await readdir(input.dir)).toContain(basename(alive))
  })

  test.each([
    [64, 10],
    [-128, 10],
    [0, 2033],
    [2048, 1],
    [0, 1.5],
  ])('offset %d and payload size %d are refused', async (offset, payloadSize) => {
    const { input } = await sealedSector(folder.path, profile, PAYLOADS, 32)
    const unsealed = unsealPiece({ ...input, offset, payloadSize, out: join(folder.path, 'refused') })
    await expect(unsealed).rejects.toMatchObject({ code: 'UNSEAL_RANGE_INVALID' })
  })
})

describe('finalizing', () => {
  test('keeps the commitments, and a second call changes nothing', async () => {
    const { input, sealed } = await sealedSector(folder.path, profile, PAYLOADS, 41)
    await writeFile(join(input.dir, 'replica.of-another.tmp'), 'half a replica')
    await finalizeSector(input.dir)
    expect(await readdir(input.dir)).not.toContain('replica.of-another.tmp')
    await finalizeSector(input.dir)
    expect(await sealSector(input)).toEqual(sealed)
  })

  test('is refused for a sector that is not sealed, and for a folder that is no sector', async () => {
    const input = await sealInput(folder.path, profile, PAYLOADS, 42)
    await expect(finalizeSector(input.dir)).rejects.toMatchObject({ code: 'MANIFEST_INVALID' })
    const controller = new AbortController()
    const onProgress = () => controller.abort()
    await expect(sealSector(input, { signal: controller.signal, onProgress })).rejects.toMatchObject({
      name: 'AbortError',
    })
    await expect(finalizeSector(input.dir)).rejects.toMatchObject({ code: 'SECTOR_NOT_SEALED' })
    await writeFile(join(input.dir, 'manifest.json'), '{"version":1,"state":"sealed"}')
    await expect(finalizeSector(input.dir)).rejects.toMatchObject({ code: 'MANIFEST_INVALID' })
  })
})
