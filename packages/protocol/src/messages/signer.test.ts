import { toHex } from '@granary/base'
import { expect, test } from '@jest/globals'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { accountSigner, addressOf, formatAddress, sessionSigner, verifySigner } from './index.ts'

const digest = new Uint8Array(32).fill(0x42)
const key = new Uint8Array(32).fill(1)
const account = accountSigner(key)
const session = sessionSigner(new Uint8Array(32).fill(2), account.address)

const accountSignature = account.sign({ digest })
const sessionSignature = session.sign({ digest })

test('an account signature names its account, a session signature its key', () => {
  expect(accountSignature).toHaveLength(65)
  expect(sessionSignature).toHaveLength(96)
  expect(verifySigner(digest, accountSignature)).toEqual({ type: 'account', address: addressOf(key) })
  expect(verifySigner(digest, sessionSignature)).toEqual({ type: 'session', publicKey: session.publicKey })
})

test('a session key signs for an account whose address is as a wallet shows it, and for none that was mistyped', () => {
  const seed = new Uint8Array(32).fill(2)
  const shown = formatAddress(account.address) as `0x${string}`
  expect(shown).not.toBe(account.address)
  expect(sessionSigner(seed, shown).address).toBe(account.address)
  const mistyped = shown.replace(/[A-F]/, (letter) => letter.toLowerCase()) as `0x${string}`
  expect(() => sessionSigner(seed, mistyped)).toThrow('checksum')
})

test('no other byte string is a signature of the same signer', () => {
  for (const [signature, signer] of [
    [accountSignature, account.address],
    [sessionSignature, session.publicKey],
  ] as const) {
    for (let bit = 0; bit < signature.length * 8; bit += 3) {
      const mutated = signature.slice()
      mutated[bit >> 3]! ^= 1 << (bit & 7)
      const found = verifySigner(digest, mutated)
      expect(found?.type === 'account' ? found.address : found?.publicKey).not.toEqual(signer)
    }
  }
})

test('the high-s twin of a signature is refused', () => {
  const order = secp256k1.Point.Fn.ORDER
  const s = BigInt(toHex(accountSignature.subarray(32, 64)))
  const high = Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex')
  const twin = Uint8Array.from([...accountSignature.subarray(0, 32), ...high, accountSignature[64]! ^ 1])
  expect(verifySigner(digest, twin)).toBeUndefined()
})

test('27 and 28, zeros and other lengths are refused', () => {
  for (const v of [2, 27, 28, 255]) {
    expect(verifySigner(digest, Uint8Array.from([...accountSignature.subarray(0, 64), v]))).toBeUndefined()
  }
  for (const length of [0, 64, 65, 66, 95, 96, 97]) {
    expect(verifySigner(digest, new Uint8Array(length))).toBeUndefined()
  }
})

test('a session key of small order signs nothing', () => {
  // The neutral element: under the lenient ZIP-215 rules it would sign every message.
  const neutral = new Uint8Array(32)
  neutral[0] = 1
  const signature = Uint8Array.from([...neutral, ...neutral, ...new Uint8Array(32)])
  expect(verifySigner(digest, signature)).toBeUndefined()
})

test('another message has another signature', () => {
  const other = new Uint8Array(32).fill(0x43)
  expect(verifySigner(other, accountSignature)).not.toEqual({ type: 'account', address: account.address })
  expect(verifySigner(other, sessionSignature)).toBeUndefined()
})

const order = Uint8Array.from(Buffer.from('fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141', 'hex'))

test.each<[string, unknown]>([
  ['too short', key.subarray(1)],
  ['too long', new Uint8Array(33).fill(1)],
  ['empty', new Uint8Array()],
  ['a text', toHex(key)],
  ['nothing', undefined],
])('a key that is %s is refused by name, of an account and of a session', (_, none) => {
  const refused = expect.objectContaining({ code: 'KEY_INVALID', hint: expect.stringContaining('32 bytes') })
  expect(() => accountSigner(none as Uint8Array)).toThrow(refused)
  expect(() => sessionSigner(none as Uint8Array, account.address)).toThrow(refused)
})

test('zero and what is not below the order of the group are keys of no account; the last below it is one', () => {
  for (const none of [new Uint8Array(32), order, new Uint8Array(32).fill(255)])
    expect(() => accountSigner(none)).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }))
  expect(accountSigner(order.with(31, 0x40)).address).toMatch(/^0x[0-9a-f]{40}$/)
})
