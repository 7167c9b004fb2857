import { appendFile, copyFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pieceCidV2 } from '@granary/proofs/verify'
import { beforeAll, expect, test } from '@jest/globals'
import { randomCar, type TestCar, temporaryHome } from '../../test/market-kit.ts'
import { isOpen, testOfOpenFiles } from '../../test/open-files.ts'
import { checkPiece, FileReplacedError } from './check-piece.ts'

let car: TestCar
beforeAll(async () => {
  car = await randomCar(10_000_000)
})

async function folder() {
  const { home, remove } = await temporaryHome()
  return { path: join(home, 'piece'), [Symbol.asyncDispose]: remove }
}

test.each([
  ['of its CAR', () => car.rootCid],
  ['of any bytes', () => undefined],
])('a file that grows has the commitment %s that it has at rest', async (_, rootCid) => {
  await using at = await folder()
  await writeFile(at.path, '')
  const check = checkPiece(at.path, rootCid())
  for (let written = 0; written < car.bytes.length; written += 1_700_000) {
    await appendFile(at.path, car.bytes.subarray(written, written + 1_700_000))
    check.advance(Math.min(car.bytes.length, written + 1_700_000))
  }
  const grown = await check.finish()
  expect([pieceCidV2(grown), grown.payloadSize]).toEqual([car.pieceCid, car.payloadSize])
  expect(await checkPiece(at.path, rootCid()).finish()).toEqual(grown)
})

test('a file that another has taken the place of is not what was checked', async () => {
  await using at = await folder()
  await writeFile(at.path, car.bytes.subarray(0, 9_000_000))
  const check = checkPiece(at.path, car.rootCid)
  check.advance(5_000_000)
  await copyFile(at.path, `${at.path}.copy`)
  while (check.bytesRead === 0) await sleep(1)
  await rename(`${at.path}.copy`, at.path)
  await expect(check.finish()).rejects.toThrow(FileReplacedError)
})

testOfOpenFiles('a file is not kept open while nothing comes', async () => {
  await using at = await folder()
  await writeFile(at.path, car.bytes.subarray(0, 5_000_000))
  const check = checkPiece(at.path, car.rootCid)
  check.advance(5_000_000)
  while (check.bytesRead === 0) await sleep(1)
  while (await isOpen(at.path)) await sleep(1)
})
