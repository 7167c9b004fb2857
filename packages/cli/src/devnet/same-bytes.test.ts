import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { compareBytes } from './same-bytes.ts'

const folder = mkdtempSync(join(tmpdir(), 'granary-same-'))
afterAll(() => rmSync(folder, { recursive: true }))

function fileOf(name: string, bytes: Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

const bytes = new Uint8Array(2_500_000).fill(7)

test('equal files are counted, empty ones too', async () => {
  expect(await compareBytes(fileOf('a', bytes), fileOf('b', bytes))).toBe(bytes.length)
  expect(await compareBytes(fileOf('a', new Uint8Array()), fileOf('b', new Uint8Array()))).toBe(0)
})

test('the first byte that differs is named, also where one file ends', async () => {
  const other = bytes.slice()
  other[2_000_001] = 8
  const differ = { code: 'BYTES_DIFFER', details: { offset: 2_000_001 } }
  await expect(compareBytes(fileOf('a', bytes), fileOf('b', other))).rejects.toMatchObject(differ)
  const shorter = bytes.slice(0, 2_000_001)
  await expect(compareBytes(fileOf('a', bytes), fileOf('b', shorter))).rejects.toMatchObject(differ)
})
