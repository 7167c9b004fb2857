/**
 * Web3 Secret Storage, version 3: a private key under a passphrase, as Ethereum's wallets write and read it.
 * https://ethereum.org/en/developers/docs/data-structures-and-encoding/web3-secret-storage/
 * A file may come from anybody: what it asks of the machine is bounded before the first step of it is taken.
 */
import {
  createCipheriv,
  createDecipheriv,
  pbkdf2,
  randomBytes,
  randomUUID,
  type ScryptOptions,
  scrypt,
} from 'node:crypto'
import { promisify } from 'node:util'
import type { Address } from '@granary/protocol/messages'
import { scryptAsync } from '@noble/hashes/scrypt.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import * as z from 'zod/mini'
import { addressOfKey } from './address-of-key.ts'

const derive = promisify<string, Uint8Array, number, ScryptOptions, Uint8Array>(scrypt)
const stretch = promisify(pbkdf2)

const KEY_BYTES = 32
const CIPHER = 'aes-128-ctr'
/** Four times what geth writes: a few seconds. */
const SCRYPT_STEPS_MAX = 2 ** 23
/** Scrypt takes 128 · n · r bytes of memory. */
const SCRYPT_MEMORY_MAX = 2 ** 30
const PBKDF2_ROUNDS_MAX = 10_000_000

const hex = z.string().check(z.regex(/^(?:[0-9a-fA-F]{2})+$/))
const natural = z.int().check(z.positive())
const scryptParams = z.object({
  dklen: z.literal(KEY_BYTES),
  salt: hex.check(z.maxLength(256)),
  n: natural,
  r: natural,
  p: natural,
})
const pbkdf2Params = z.object({
  dklen: z.literal(KEY_BYTES),
  salt: hex.check(z.maxLength(256)),
  c: natural.check(z.maximum(PBKDF2_ROUNDS_MAX)),
  prf: z.literal('hmac-sha256'),
})
const cipherFields = {
  // Some wallets drop the zeros that a key begins with.
  ciphertext: hex.check(z.maxLength(2 * KEY_BYTES)),
  cipherparams: z.object({ iv: hex.check(z.length(32)) }),
  cipher: z.literal(CIPHER),
  mac: hex.check(z.length(64)),
}
const keystoreForm = z.object({
  version: z.literal(3),
  address: z.catch(z.optional(z.string().check(z.regex(/^(?:0x)?[0-9a-fA-F]{40}$/))), undefined),
  crypto: z.discriminatedUnion('kdf', [
    z.object({
      ...cipherFields,
      kdf: z.literal('scrypt'),
      kdfparams: scryptParams.check(
        z.refine(({ n }) => n > 1 && Number.isInteger(Math.log2(n)), { path: ['n'], error: 'not a power of two' }),
        z.refine(({ n, r }) => 128 * n * r <= SCRYPT_MEMORY_MAX, { path: ['n'], error: 'more than 1 GiB of memory' }),
        z.refine(({ n, r, p }) => n * r * p <= SCRYPT_STEPS_MAX, {
          path: ['n'],
          error: 'more work than a key is worth',
        }),
      ),
    }),
    z.object({ ...cipherFields, kdf: z.literal('pbkdf2'), kdfparams: pbkdf2Params }),
  ]),
})

export type Keystore = z.output<typeof keystoreForm> & { readonly id?: string }

/** ethers v5, MyEtherWallet and geth's first releases write `Crypto`. @throws what is wrong with it */
export function parseKeystore(text: string): Keystore {
  // Editors on Windows write a byte order mark before it.
  const json: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
  if (typeof json !== 'object' || json === null || !('Crypto' in json) || 'crypto' in json)
    return keystoreForm.parse(json)
  const { Crypto: crypto, ...rest } = json
  return keystoreForm.parse({ ...rest, crypto })
}

/** What the file says of itself; a wallet that leaves it out, or fills it with zeros, says nothing. */
export function addressIn({ address }: Keystore): Address | undefined {
  const digits = address?.toLowerCase().replace(/^0x/, '')
  return digits === undefined || /^0+$/.test(digits) ? undefined : `0x${digits}`
}

/** @returns undefined: the passphrase is another one. @throws the key is none, or not that of the address in the file */
export async function decryptKey(keystore: Keystore, passphrase: string): Promise<Uint8Array | undefined> {
  const { crypto } = keystore
  const derived = await derivedKey(crypto, passphrase)
  const ciphertext = hexToBytes(crypto.ciphertext)
  const mac = keccak_256(concatBytes(derived.subarray(16, 32), ciphertext))
  // Both are known to whoever has the file: comparing them in constant time would hide nothing.
  if (bytesToHex(mac) !== crypto.mac.toLowerCase()) return undefined
  const decipher = createDecipheriv(CIPHER, derived.subarray(0, 16), hexToBytes(crypto.cipherparams.iv))
  const plain = decipher.update(ciphertext)
  const key = new Uint8Array(KEY_BYTES)
  key.set(plain, KEY_BYTES - plain.length)
  const address = addressOfKey(key)
  const named = addressIn(keystore)
  if (named !== undefined && named !== address) throw new Error(`it names ${named}, and its key is that of ${address}`)
  return key
}

/** @param n of scrypt: a power of two */
export async function encryptKey(key: Uint8Array, passphrase: string, n: number): Promise<Keystore> {
  const kdfparams = { dklen: KEY_BYTES, n, r: 8, p: 1, salt: bytesToHex(randomBytes(32)) } as const
  const iv = randomBytes(16)
  const derived = await derivedKey({ kdf: 'scrypt', kdfparams }, passphrase)
  const ciphertext = createCipheriv(CIPHER, derived.subarray(0, 16), iv).update(key)
  return {
    version: 3,
    id: randomUUID(),
    address: addressOfKey(key).slice(2),
    crypto: {
      cipher: CIPHER,
      cipherparams: { iv: bytesToHex(iv) },
      ciphertext: bytesToHex(ciphertext),
      kdf: 'scrypt',
      kdfparams,
      mac: bytesToHex(keccak_256(concatBytes(derived.subarray(16, 32), ciphertext))),
    },
  }
}

type Kdf =
  | { readonly kdf: 'scrypt'; readonly kdfparams: z.output<typeof scryptParams> }
  | { readonly kdf: 'pbkdf2'; readonly kdfparams: z.output<typeof pbkdf2Params> }

async function derivedKey(crypto: Kdf, passphrase: string): Promise<Uint8Array> {
  if (crypto.kdf === 'pbkdf2') {
    const { salt, c, dklen } = crypto.kdfparams
    return await stretch(passphrase, hexToBytes(salt), c, dklen, 'sha256')
  }
  const { salt, n, r, p, dklen } = crypto.kdfparams
  const bytes = hexToBytes(salt)
  // The bound of OpenSSL counts a little more than the table; it takes no n from 2¹⁶ʳ on, which keystores with an r of 1 have.
  if (n < 2 ** (16 * r)) return await derive(passphrase, bytes, dklen, { N: n, r, p, maxmem: 2 * SCRYPT_MEMORY_MAX })
  return await scryptAsync(utf8ToBytes(passphrase), bytes, { N: n, r, p, dkLen: dklen, maxmem: 2 * SCRYPT_MEMORY_MAX })
}
