import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addressOf } from '@granary/protocol/messages'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createKey, devnetPassphrase, openKey, readKey, readKeyAddress } from './index.ts'

interface Vector {
  readonly json: unknown
  readonly password: string
  readonly priv: string
}
/** go-ethereum, accounts/keystore/testdata/v3_test_vector.json; keys of 31 and 30 bytes begin with zeros. */
const vectors = JSON.parse(
  readFileSync(new URL('../../test/keystore-vectors.json', import.meta.url), 'utf8'),
) as Record<string, Vector>

const LIGHT = { light: true }
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-keystore-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('a key comes back with its passphrase, from a file that only its owner reads', async () => {
  const path = join(folder, 'deep', 'keystore.json')
  const key = await createKey(path, 'correct horse', LIGHT)
  expect(key).toHaveLength(32)
  expect(await readKey(path, 'correct horse')).toEqual(key)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(await readdir(join(folder, 'deep'))).toEqual(['keystore.json'])
  expect(JSON.parse(await readFile(path, 'utf8')).address).toContain(addressOf(key).slice(2))
})

test('the address of a key is known without its passphrase, where the keystore has it', async () => {
  const path = join(folder, 'keystore.json')
  const key = await createKey(path, 'one', LIGHT)
  expect(await readKeyAddress(path)).toBe(addressOf(key))
  const { address: _address, ...without } = JSON.parse(await readFile(path, 'utf8'))
  await writeFile(path, JSON.stringify(without))
  expect(await readKeyAddress(path)).toBeUndefined()
  await expect(readKeyAddress(join(folder, 'none.json'))).rejects.toMatchObject({ code: 'KEYSTORE_MISSING' })
})

test('a key is never overwritten', async () => {
  const path = join(folder, 'keystore.json')
  const key = await createKey(path, 'one', LIGHT)
  await expect(createKey(path, 'two', LIGHT)).rejects.toMatchObject({ code: 'KEYSTORE_EXISTS' })
  expect(await readKey(path, 'one')).toEqual(key)
  expect(await readdir(folder)).toEqual(['keystore.json'])
})

test('a wrong passphrase, a missing file and a broken file are told apart', async () => {
  const path = join(folder, 'keystore.json')
  await expect(readKey(path, 'x')).rejects.toMatchObject({ code: 'KEYSTORE_MISSING' })
  await createKey(path, 'right', LIGHT)
  await expect(readKey(path, 'wrong')).rejects.toMatchObject({ code: 'PASSPHRASE_WRONG' })
  for (const broken of ['', '{}', '{"version":3}', (await readFile(path, 'utf8')).slice(0, -20)]) {
    await writeFile(path, broken)
    await expect(readKey(path, 'right')).rejects.toMatchObject({ code: 'KEYSTORE_INVALID' })
  }
})

test('a keystore with a byte order mark before it opens', async () => {
  const path = join(folder, 'keystore.json')
  const key = await createKey(path, 'one', LIGHT)
  await writeFile(path, `\uFEFF${await readFile(path, 'utf8')}`)
  expect(await readKeyAddress(path)).toBe(addressOf(key))
  expect(await readKey(path, 'one')).toEqual(key)
})

test('a passphrase opens as it is, or as ethers would have written it: one letter may be two characters', async () => {
  const composed = 'caf\u00e9 \u2161'.normalize('NFKC')
  const path = join(folder, 'keystore.json')
  const key = await createKey(path, composed, LIGHT)
  for (const typed of [composed, 'cafe\u0301 \u2161']) expect(await readKey(path, typed)).toEqual(key)
  const asItIs = join(folder, 'decomposed.json')
  const other = await createKey(asItIs, 'cafe\u0301', LIGHT)
  expect(await readKey(asItIs, 'cafe\u0301')).toEqual(other)
  await expect(readKey(asItIs, 'cafe')).rejects.toMatchObject({ code: 'PASSPHRASE_WRONG' })
})

test('what is wrong with a keystore is said, and nothing that may be a key is repeated', async () => {
  const secret = '0f'.repeat(32)
  for (const text of [secret, `"${secret}"`, `{"key":"${secret}"`]) {
    const refused = openKey('k.json', text, 'pass')
    await expect(refused).rejects.toMatchObject({ message: expect.not.stringContaining('0f0f') })
  }
  await expect(openKey('k.json', secret, 'pass')).rejects.toMatchObject({ message: expect.stringContaining('no JSON') })
  await expect(openKey('k.json', '[]', 'pass')).rejects.toMatchObject({ code: 'KEYSTORE_INVALID' })
  const bomb = await keystoreWith(({ crypto }) => Object.assign(crypto.kdfparams, { n: 2 ** 31 }))
  await expect(readKey(bomb, 'pass')).rejects.toMatchObject({
    message: expect.stringContaining('crypto.kdfparams.n: more than 1 GiB of memory'),
  })
  await expect(readKey(folder, 'pass')).rejects.toMatchObject({ message: expect.stringContaining('a folder') })
})

test('a pipe or a device in place of a keystore or of a passphrase is refused, and nobody waits for it', async () => {
  const pipe = join(folder, 'passphrase')
  execFileSync('mkfifo', [pipe])
  const refused = { code: 'KEYSTORE_INVALID', message: expect.stringContaining('it is a pipe') }
  await expect(readKeyAddress(pipe)).rejects.toMatchObject(refused)
  await expect(readKey('/dev/zero', 'pass')).rejects.toMatchObject({ message: expect.stringContaining('a device') })
  await expect(devnetPassphrase(folder)).rejects.toThrow('it is a pipe')
})

test('a devnet passphrase is made once and is random', async () => {
  const first = await devnetPassphrase(join(folder, 'a'))
  expect(await devnetPassphrase(join(folder, 'a'))).toBe(first)
  expect(await devnetPassphrase(join(folder, 'b'))).not.toBe(first)
  expect(first).toMatch(/^[\w-]{43}$/)
  expect((await stat(join(folder, 'a', 'passphrase'))).mode & 0o777).toBe(0o600)
})

test.each(Object.entries(vectors))(
  'a keystore of another wallet opens: %s',
  async (_name, { json, password, priv }) => {
    const path = join(folder, 'keystore.json')
    await writeFile(path, JSON.stringify(json))
    expect(Buffer.from(await readKey(path, password)).toString('hex')).toBe(priv)
    await expect(readKey(path, `${password}x`)).rejects.toMatchObject({ code: 'PASSPHRASE_WRONG' })
  },
)

test('a keystore whose section is called Crypto opens, as ethers v5, MyEtherWallet and geth write it', async () => {
  const path = join(folder, 'keystore.json')
  await writeFile(path, await readFile(new URL('../../test/keystore-crypto.json', import.meta.url)))
  expect(await readKey(path, 'test pass')).toEqual(new Uint8Array(32).fill(0x0f))
  await expect(readKey(path, 'other')).rejects.toMatchObject({ code: 'PASSPHRASE_WRONG' })
})

interface Changeable {
  address: string
  readonly crypto: { readonly kdfparams: object; readonly cipherparams: object }
}

async function keystoreWith(change: (keystore: Changeable) => void): Promise<string> {
  const path = join(folder, 'keystore.json')
  await rm(path, { force: true })
  await createKey(path, 'pass', LIGHT)
  const keystore = JSON.parse(await readFile(path, 'utf8'))
  change(keystore)
  await writeFile(path, JSON.stringify(keystore))
  return path
}

test('a key is written with scrypt of 2\u00b9\u2075, which other wallets take for one of theirs', async () => {
  const path = join(folder, 'keystore.json')
  await createKey(path, 'pass')
  const { version, crypto } = JSON.parse(await readFile(path, 'utf8'))
  expect(version).toBe(3)
  expect(crypto).toMatchObject({
    cipher: 'aes-128-ctr',
    kdf: 'scrypt',
    kdfparams: { n: 32_768, r: 8, p: 1, dklen: 32 },
  })
})

test('a key that is not that of the address in its file is refused', async () => {
  const path = await keystoreWith((keystore) => {
    keystore.address = '11'.repeat(20)
  })
  await expect(readKey(path, 'pass')).rejects.toMatchObject({
    code: 'KEYSTORE_INVALID',
    message: expect.stringContaining(`names 0x${'11'.repeat(20)}`),
  })
})

test.each<[string, (keystore: Changeable) => void]>([
  ['takes 256 GiB of memory', ({ crypto }) => Object.assign(crypto.kdfparams, { n: 2 ** 31 })],
  ['takes hours', ({ crypto }) => Object.assign(crypto.kdfparams, { p: 2 ** 20 })],
  ['has an n that is no power of two', ({ crypto }) => Object.assign(crypto.kdfparams, { n: 4095 })],
  ['has an n of 1', ({ crypto }) => Object.assign(crypto.kdfparams, { n: 1 })],
  ['has a negative r', ({ crypto }) => Object.assign(crypto.kdfparams, { r: -8 })],
  ['derives megabytes', ({ crypto }) => Object.assign(crypto.kdfparams, { dklen: 2 ** 24 })],
  [
    'asks for a billion rounds',
    ({ crypto }) =>
      Object.assign(crypto, { kdf: 'pbkdf2', kdfparams: { c: 1e9, dklen: 32, prf: 'hmac-sha256', salt: '00' } }),
  ],
  [
    'asks for another hash',
    ({ crypto }) =>
      Object.assign(crypto, { kdf: 'pbkdf2', kdfparams: { c: 1, dklen: 32, prf: 'hmac-md5', salt: '00' } }),
  ],
  ['has another cipher', ({ crypto }) => Object.assign(crypto, { cipher: 'aes-128-cbc' })],
  ['has a short IV', ({ crypto }) => Object.assign(crypto.cipherparams, { iv: '00' })],
  ['has a key of 33 bytes', ({ crypto }) => Object.assign(crypto, { ciphertext: '00'.repeat(33) })],
  ['is of version 1', (keystore) => Object.assign(keystore, { version: 1 })],
  ['is a megabyte long', (keystore) => Object.assign(keystore, { note: 'x'.repeat(2 ** 20) })],
])('a keystore that %s is refused at once', async (_what, change) => {
  const path = await keystoreWith(change)
  const startMs = performance.now()
  await expect(readKey(path, 'pass')).rejects.toMatchObject({ code: 'KEYSTORE_INVALID' })
  expect(performance.now() - startMs).toBeLessThan(1_000)
})
