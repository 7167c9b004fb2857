/** Which pieces a provider's gateway knows: at its start, while it runs, and of one that is being read in. */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { copyFile, mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PackedPath, packPath } from '@granary/content/node'
import { parsePieceCid, pieceCidV1, pieceCidV2 } from '@granary/proofs/verify'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { bodyOf, errorOf, type Gateway, headOf, startGateway } from '../../test/gateway.ts'
import type { StoredPiece } from './block-index.ts'

const MIB = 1024 * 1024

/** A piece CID for a file that stands under a name that is not its own. */
const OTHER_PIECE = pieceCidV2({ root: new Uint8Array(32), paddedSize: 4 * MIB, payloadSize: 3 * MIB })

let folder: string
let packed: PackedPath
let piece: StoredPiece

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-index-'))
  await writeFile(join(folder, 'file'), randomBytes(2 * MIB + 12_345))
  packed = await packPath(join(folder, 'file'), join(folder, 'file.car'))
  piece = { ...packed, path: join(folder, 'file.car') }
})

afterAll(() => rm(folder, { recursive: true, force: true }))

async function status(at: Gateway): Promise<number> {
  return (await headOf(`${at.url}/ipfs/${packed.rootCid}`)).status
}

test('the index is made again when it is lost or broken, and is brought in line with the pieces; the peer id stays', async () => {
  const home = await mkdtemp(join(folder, 'index-'))
  const peerIds = new Set<string>()
  const run = async (pieces: StoredPiece[]): Promise<number> => {
    const running = await startGateway(home, pieces)
    peerIds.add(running.retrieval.peerId)
    const result = await status(running)
    await running.stop()
    return result
  }
  expect(await run([])).toBe(404)
  expect(await run([piece])).toBe(200)
  expect(await run([piece])).toBe(200)
  expect(await run([])).toBe(404)
  expect(await run([piece])).toBe(200)
  await writeFile(join(home, 'index.sqlite'), randomBytes(10_000))
  expect(await run([piece])).toBe(200)
  await rm(join(home, 'index.sqlite'))
  expect(await run([piece])).toBe(200)
  expect(peerIds.size).toBe(1)
  expect((await stat(join(home, 'peer.key'))).mode & 0o777).toBe(0o600)
})

test('the index takes pieces in and out while it runs, and follows one that moves', async () => {
  const home = await mkdtemp(join(folder, 'index-'))
  const running = await startGateway(home, [])
  await running.retrieval.addPiece(piece)
  expect(await status(running)).toBe(200)
  const path = join(home, 'moved.car')
  await copyFile(piece.path, path)
  await running.retrieval.addPiece({ ...piece, path })
  expect(await status(running)).toBe(200)
  await running.retrieval.removePiece(piece.pieceCid)
  expect(await status(running)).toBe(404)
  await expect(running.retrieval.addPiece({ ...piece, path: join(home, 'none') })).rejects.toMatchObject({
    code: 'ENOENT',
  })
  await running.stop()
})

test('a broken piece at the start is an alert, and the others are served', async () => {
  const home = await mkdtemp(join(folder, 'index-'))
  const path = join(home, 'broken.car')
  await writeFile(path, randomBytes(1000))
  const running = await startGateway(home, [{ ...piece, pieceCid: OTHER_PIECE, path, payloadSize: 1000 }, piece])
  expect(await status(running)).toBe(200)
  expect(running.events).toContainEqual(expect.objectContaining({ type: 'piece-unreadable', level: 'alert' }))
  await running.stop()
})

test('a piece that is being read in is answered with 202 and when to come again, and no byte of it', async () => {
  const home = await mkdtemp(join(folder, 'index-'))
  const running = await startGateway(home, [])
  // Whoever reads it waits for what is written: a piece of which a part has been read.
  const path = join(home, 'slow.car')
  execFileSync('mkfifo', [path])
  const car = await readFile(piece.path)
  const added = running.retrieval.addPiece({ ...piece, path })
  const slow = await open(path, 'w')
  await slow.write(car.subarray(0, MIB + 100))
  const v1 = pieceCidV1(parsePieceCid(piece.pieceCid).root)
  const asked = [`/piece/${piece.pieceCid}`, `/piece/${v1}`, `/ipfs/${packed.rootCid}?format=raw`]
  for (const method of ['GET', 'HEAD'])
    for (const each of asked) {
      const response = await fetch(running.url + each, { method })
      expect({ each, status: response.status, after: response.headers.get('retry-after') }).toEqual({
        ...{ each, status: 202, after: '1' },
      })
      if (method === 'GET') expect((await errorOf(response)).code).toBe('PIECE_INDEXING')
    }
  await rm(path)
  await writeFile(path, car)
  await slow.write(car.subarray(MIB + 100))
  await slow.close()
  await added
  expect(Buffer.compare(await bodyOf(await fetch(`${running.url}/piece/${v1}`)), car)).toBe(0)
  await running.stop()
})

test('plain bytes without a root are served as a piece only', async () => {
  const home = await mkdtemp(join(folder, 'index-'))
  const { rootCid: _, ...plain } = piece
  const running = await startGateway(home, [plain])
  const response = await fetch(`${running.url}/piece/${piece.pieceCid}`)
  expect(response.headers.get('content-type')).toBe('application/octet-stream')
  expect(Buffer.compare(await bodyOf(response), await readFile(piece.path))).toBe(0)
  expect(await status(running)).toBe(404)
  await running.stop()
})
