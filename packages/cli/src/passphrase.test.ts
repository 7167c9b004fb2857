import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { passphraseOf } from './passphrase.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-passphrase-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a file that is named counts, without the end of its line', async () => {
  const passphraseFile = join(folder, 'secret')
  writeFileSync(passphraseFile, ' spaces stay \r\n', { mode: 0o600 })
  expect(await passphraseOf({ passphraseFile, devnet: true, folder })).toBe(' spaces stay ')
})

test('a byte order mark before it, which nobody could type, is none of it', async () => {
  const passphraseFile = join(folder, 'secret')
  writeFileSync(passphraseFile, '\uFEFFcorrect horse\n', { mode: 0o600 })
  expect(await passphraseOf({ passphraseFile, devnet: true, folder })).toBe('correct horse')
})

test('what another program writes is read as it comes; nobody has to wait for a pipe to which nothing is written', async () => {
  const passphraseFile = join(folder, 'pipe')
  execFileSync('mkfifo', ['-m', '600', passphraseFile])
  const given = { passphraseFile, devnet: false, folder }
  const stop = new AbortController()
  const waiting = passphraseOf({ ...given, signal: stop.signal })
  setImmediate(() => stop.abort())
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
  const reading = passphraseOf(given)
  const writer = openSync(passphraseFile, 'r+')
  for (const part of ['correct ', 'horse\n']) {
    await new Promise(setImmediate)
    writeSync(writer, part)
  }
  closeSync(writer)
  expect(await reading).toBe('correct horse')
  await expect(passphraseOf({ passphraseFile: '/dev/zero', devnet: false, folder })).rejects.toMatchObject({
    message: expect.stringContaining('it is a device'),
  })
})

test('a devnet makes its own and keeps it', async () => {
  const first = await passphraseOf({ devnet: true, folder })
  expect(first.length).toBeGreaterThan(40)
  expect(await passphraseOf({ devnet: true, folder })).toBe(first)
  expect(readFileSync(join(folder, 'passphrase'), 'utf8')).toContain(first)
})

test('a devnet makes none for a key that is there already, and writes nothing', async () => {
  for (const key of ['keystore.json', 'session.json']) {
    writeFileSync(join(folder, key), '{}')
    await expect(passphraseOf({ devnet: true, folder })).rejects.toMatchObject({
      code: 'PASSPHRASE_MISSING',
      message: expect.stringContaining(join(folder, key)),
    })
    expect(readdirSync(folder)).toEqual([key])
    rmSync(join(folder, key))
  }
})

test('elsewhere there is none but that of a file that can be read and is not empty', async () => {
  const missing = { code: 'PASSPHRASE_MISSING' }
  await expect(passphraseOf({ devnet: false, folder })).rejects.toMatchObject(missing)
  await expect(passphraseOf({ passphraseFile: join(folder, 'no'), devnet: true, folder })).rejects.toMatchObject(
    missing,
  )
  writeFileSync(join(folder, 'empty'), '\n', { mode: 0o600 })
  await expect(passphraseOf({ passphraseFile: join(folder, 'empty'), devnet: false, folder })).rejects.toMatchObject(
    missing,
  )
})

test.each([0o640, 0o604, 0o644, 0o620, 0o666])(
  'a file of mode %o, which others have a part in, is refused',
  async (mode) => {
    const passphraseFile = join(folder, 'secret')
    writeFileSync(passphraseFile, 'secret')
    chmodSync(passphraseFile, mode)
    await expect(passphraseOf({ passphraseFile, devnet: true, folder })).rejects.toMatchObject({
      code: 'PASSPHRASE_EXPOSED',
      message: expect.not.stringContaining('"secret"'),
      hint: expect.stringContaining(`chmod 600 ${passphraseFile}`),
    })
    chmodSync(passphraseFile, 0o400)
    expect(await passphraseOf({ passphraseFile, devnet: true, folder })).toBe('secret')
  },
)
