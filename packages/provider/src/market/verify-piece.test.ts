import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { randomCar, temporaryHome } from '../../test/market-kit.ts'
import { isOpen, testOfOpenFiles } from '../../test/open-files.ts'
import { verifyPiece } from './verify-piece.ts'

test('a piece of many reads, with a block across several of them, is what its terms say', async () => {
  await using home = await piece(10_000_000)
  await verifyPiece(home.path, home.terms)
  const other = { ...home.terms, payloadSize: home.terms.payloadSize + 1 }
  await expect(verifyPiece(home.path, other)).rejects.toMatchObject({ code: 'PIECE_MISMATCH' })
})

testOfOpenFiles('a piece that is refused at its header is not kept open', async () => {
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
