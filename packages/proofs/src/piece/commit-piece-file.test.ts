import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { temporaryFolder } from '../../test/sealed-sector.ts'
import { hex, vectors } from '../../test/support.ts'
import { activeKernel } from '../engine.ts'
import type { HashPairs } from '../spec/hash-pairs.ts'
import { createPieceHasher, loadPairHasher, type PieceCommitment } from './index.ts'
import { commitPieceFile, createKernelPieceHasher, PIECE_PART_BYTES } from './node.ts'

const MIB = 2 ** 20
const best = activeKernel().name
const kernels = best === 'shani' ? ['shani', 'c', 'ts'] : best === 'c' ? ['c', 'ts'] : ['ts']
const zeros = vectors<{ items: { padded_size: number; commitment: string }[] }>('zero-pieces').items
/** A native thread takes so much at once. */
const CHUNK_BYTES = 64 * 512 * 127
const lengths = [0, 1, 126, 127, 128, 65_024, 65_025, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 9_000_001]
const bytes = createHash('shake256', { outputLength: Math.max(...lengths) })
  .update('file')
  .digest()
const commitments = new Map<number, PieceCommitment>()
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let hash: HashPairs
beforeAll(async () => {
  folder = await temporaryFolder()
  hash = await loadPairHasher()
  for (const length of [...lengths, 9_000_000]) commitments.set(length, expected(bytes.subarray(0, length)))
})
afterAll(() => folder.remove())

const environment = process.env.GRANARY_KERNEL
afterEach(() => {
  if (environment === undefined) delete process.env.GRANARY_KERNEL
  else process.env.GRANARY_KERNEL = environment
})

function write(name: string, bytes: Uint8Array): string {
  const path = join(folder.path, name)
  writeFileSync(path, bytes)
  return path
}

/** Of zeros, without their space on the disk. */
function sparse(name: string, bytes: number): string {
  const path = write(name, new Uint8Array())
  truncateSync(path, bytes)
  return path
}

function expected(payload: Uint8Array) {
  const hasher = createPieceHasher(hash)
  hasher.write(payload)
  return hasher.digest()
}

describe.each(kernels)('by the kernel %s', (kernel) => {
  test.each(lengths)('a file of %i bytes is committed to as a stream is', async (length) => {
    process.env.GRANARY_KERNEL = kernel
    const path = write(`file-${length}`, bytes.subarray(0, length))
    const commitment = commitments.get(length)
    expect(await commitPieceFile(path)).toEqual(commitment)
    // The twin has no threads, and takes half a second for the long ones.
    if (kernel !== 'ts') expect(await commitPieceFile(path, { threads: 2 })).toEqual(commitment)
  })

  test.each(lengths)('%i bytes as they come are committed to as a file is', async (length) => {
    process.env.GRANARY_KERNEL = kernel
    // How they are cut is the same for all kernels, and the twin takes half a second for the long ones.
    for (const step of [Math.max(777, length >> 6), ...(kernel === 'ts' ? [] : [CHUNK_BYTES, CHUNK_BYTES + 1])]) {
      const hasher = createKernelPieceHasher()
      for (let at = 0; at < length; at += step) await hasher.write(bytes.subarray(at, Math.min(at + step, length)))
      expect(await hasher.digest()).toEqual(commitments.get(length))
    }
  })

  test('bytes that are read to where they are hashed are committed to, and stay while other parts are filled', async () => {
    process.env.GRANARY_KERNEL = kernel
    const length = lengths.at(-1)!
    const hasher = createKernelPieceHasher({ partsMax: 3 })
    const given: Uint8Array[] = []
    for (let at = 0; at < length; at += given.at(-1)!.length) {
      const take = Math.min(length - at, given.length % 3 === 2 ? 1_000 : PIECE_PART_BYTES)
      given.push(
        await hasher.fill(async (room) => {
          const part = bytes.subarray(at, at + Math.min(take, room.length))
          room.set(part)
          return part.length
        }),
      )
      const last = given.slice(-3)
      const from = at + given.at(-1)!.length - last.reduce((sum, part) => sum + part.length, 0)
      expect(Buffer.compare(Buffer.concat(last), bytes.subarray(from, at + given.at(-1)!.length))).toBe(0)
    }
    expect(await hasher.digest()).toEqual(commitments.get(length))
  })

  test('bytes that come faster than they are hashed stand in their order, and a digest on the way disturbs nothing', async () => {
    process.env.GRANARY_KERNEL = kernel
    const length = lengths.at(-1)!
    const hasher = createKernelPieceHasher()
    const writes = [0, 1, 2].map((third) => hasher.write(bytes.subarray(third * 3_000_000, (third + 1) * 3_000_000)))
    const onTheWay = hasher.digest()
    writes.push(hasher.write(bytes.subarray(9_000_000, length)))
    await Promise.all(writes)
    expect(await onTheWay).toEqual(commitments.get(9_000_000))
    expect(await hasher.digest()).toEqual(commitments.get(length))
  })

  test('a descriptor is read from where it stands, and stays open', async () => {
    process.env.GRANARY_KERNEL = kernel
    const payload = bytes.subarray(0, 100_000)
    const fd = openSync(write('descriptor', payload), 'r')
    readSync(fd, new Uint8Array(1000))
    expect(await commitPieceFile(fd)).toEqual(expected(payload.subarray(1000)))
    expect(await commitPieceFile(fd)).toEqual(expected(new Uint8Array()))
    closeSync(fd)
  })

  test('several files at once have each their own commitment', async () => {
    process.env.GRANARY_KERNEL = kernel
    const payloads = Array.from({ length: 6 }, (_, i) => bytes.subarray(i, 100_000 * i + 1))
    const paths = payloads.map((payload, i) => write(`several-${i}`, payload))
    expect(await Promise.all(paths.map((path) => commitPieceFile(path)))).toEqual(payloads.map(expected))
  })

  test('an aborted one rejects with the reason of its signal, at once or on the way', async () => {
    process.env.GRANARY_KERNEL = kernel
    const path = sparse('endless', 64 * 1024 * MIB)
    const aborted = AbortSignal.abort()
    await expect(commitPieceFile(path, { signal: aborted })).rejects.toBe(aborted.reason)
    const controller = new AbortController()
    const committing = commitPieceFile(path, { signal: controller.signal })
    // Somewhere on the way of a minute: nothing tells how far it is.
    await setTimeout(50)
    const abortedMs = performance.now()
    controller.abort(new Error('enough'))
    await expect(committing).rejects.toBe(controller.signal.reason)
    expect(performance.now() - abortedMs).toBeLessThan(2_000)
  })
})

test.each([
  ['missing', 'no-such-file'],
  ['a folder', 'folder'],
])('a file that is %s is refused by its path', async (_, name) => {
  const path = join(folder.path, name)
  if (name === 'folder') mkdirSync(path)
  await expect(commitPieceFile(path)).rejects.toMatchObject({
    code: 'FILE_UNREADABLE',
    message: expect.stringContaining(path),
  })
})

// By the portable twin it would take seconds, so a smaller one.
test('a large file takes constant memory, and the event loop goes on', async () => {
  const padded = (best === 'ts' ? 32 : 256) * MIB
  const length = (padded * 127) / 128
  const path = sparse('large', length)
  const before = process.memoryUsage().rss
  let highest = before
  let ticks = 0
  const timer = setInterval(() => {
    ticks += 1
    highest = Math.max(highest, process.memoryUsage().rss)
  }, 10)
  const { root, paddedSize, payloadSize } = await commitPieceFile(path)
  clearInterval(timer)
  const zero = zeros.find((item) => item.padded_size === padded)!
  expect([hex(root), paddedSize, payloadSize]).toEqual([zero.commitment, padded, length])
  expect(ticks).toBeGreaterThan(3)
  expect(highest - before).toBeLessThan(64 * MIB)
})

test('four large files at once take less than 64 MiB between them', async () => {
  const length = ((best === 'shani' ? 256 : 16) * MIB * 127) / 128
  const paths = [1, 2, 3, 4].map((number) => sparse(`large-${number}`, length))
  const program = fileURLToPath(new URL('../../test/commit-pieces.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@granary/source', program, ...paths])
  expect(stdout).toMatch(/^\d+\n$/)
  expect(Number(stdout)).toBeLessThan(64 * MIB)
})
