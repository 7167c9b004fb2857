import { readdir, readlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { randomCar, temporaryHome } from '../../test/market-kit.ts'
import { verifyPiece } from './verify-piece.ts'

/** In this process. */
async function isOpen(path: string): Promise<boolean> {
  const names = await readdir('/proc/self/fd')
  const open = await Promise.all(names.map((name) => readlink(join('/proc/self/fd', name)).catch(() => '')))
  return open.includes(path)
}

const isLinux = process.platform === 'linux'
const onLinux = isLinux ? test : test.skip
const unlessLinux = isLinux ? '' : ' (skipped: only Linux says in /proc which files are open)'

test('a piece of many reads, with a block across several of them, is what its terms say', async () => {
  await using home = await piece(10_000_000)
  await verifyPiece(home.path, home.terms)
  const other = { ...home.terms, payloadSize: home.terms.payloadSize + 1 }
  await expect(verifyPiece(home.path, other)).rejects.toMatchObject({ code: 'PIECE_MISMATCH' })
})

onLinux(`a piece that is refused at its header is not kept open${unlessLinux}`, async () => {
  await using home = await piece(1_000)
  const { rootCid } = await randomCar(1_001)
  await expect(verifyPiece(home.path, { ...home.terms, rootCid })).rejects.toMatchObject({ code: 'CAR_ROOT_MISMATCH' })
  expect(await isOpen(home.path)).toBe(false)
})

async function piece(bytes: number) {
  const { home, remove } = await temporaryHome()
  const car = await randomCar(bytes)
  const path = join(home, 'piece')
  await writeFile(path, car.bytes)
  const { pieceCid, pieceSize, rootCid } = car
  return { path, terms: { pieceCid, pieceSize, payloadSize: car.bytes.length, rootCid }, [Symbol.asyncDispose]: remove }
}
