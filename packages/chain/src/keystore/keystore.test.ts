import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addressOf } from '@granary/protocol/messages'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createKey, devnetPassphrase, readKey, readKeyAddress } from './index.ts'

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

test('a devnet passphrase is made once and is random', async () => {
  const first = await devnetPassphrase(join(folder, 'a'))
  expect(await devnetPassphrase(join(folder, 'a'))).toBe(first)
  expect(await devnetPassphrase(join(folder, 'b'))).not.toBe(first)
  expect(first).toMatch(/^[\w-]{43}$/)
  expect((await stat(join(folder, 'a', 'passphrase'))).mode & 0o777).toBe(0o600)
})

// The test vector of https://ethereum.org/en/developers/docs/data-structures-and-encoding/web3-secret-storage/ (PBKDF2).
test('a keystore of another wallet opens', async () => {
  const path = join(folder, 'keystore.json')
  await writeFile(
    path,
    JSON.stringify({
      crypto: {
        cipher: 'aes-128-ctr',
        cipherparams: { iv: '6087dab2f9fdbbfaddc31a909735c1e6' },
        ciphertext: '5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46',
        kdf: 'pbkdf2',
        kdfparams: {
          c: 262144,
          dklen: 32,
          prf: 'hmac-sha256',
          salt: 'ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd',
        },
        mac: '517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2',
      },
      id: '3198bc9c-6672-5ab3-d995-4942343ae5b6',
      version: 3,
    }),
  )
  const key = await readKey(path, 'testpassword')
  expect(Buffer.from(key).toString('hex')).toBe('7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d')
})

test('a keystore whose section is called Crypto opens, as ethers v5, MyEtherWallet and geth write it', async () => {
  const path = join(folder, 'keystore.json')
  await writeFile(path, await readFile(new URL('../../test/keystore-crypto.json', import.meta.url)))
  expect(await readKey(path, 'test pass')).toEqual(new Uint8Array(32).fill(0x0f))
  await expect(readKey(path, 'other')).rejects.toMatchObject({ code: 'PASSPHRASE_WRONG' })
})
