import { expect, test } from '@jest/globals'
import { bytesToHex } from '@noble/hashes/utils.js'
import { address, hexBytes, text, uint } from '../codec/field.ts'
import { struct } from '../codec/struct.ts'
import { digestOf } from './eip712.ts'
import type { Address } from './index.ts'
import { accountSigner, verifySigner } from './signer.ts'

interface Person {
  readonly name: string
  readonly wallet: Address
}
interface Mail {
  readonly from: Person
  readonly to: Person
  readonly contents: string
}
interface Domain {
  readonly name: string
  readonly version: string
  readonly chainId: number
  readonly verifyingContract: Address
}

const person = struct<Person>('Person', { name: text(100), wallet: address })
const mail = struct<Mail>('Mail', { from: person, to: person, contents: text(100) })
const domain = struct<Domain>('EIP712Domain', {
  name: text(100),
  version: text(10),
  chainId: { ...uint(53), type: 'uint256' },
  verifyingContract: hexBytes(20, 'address'),
})

// The example of https://eips.ethereum.org/EIPS/eip-712 and its published digest and signature.
test('the Mail of EIP-712 has the published type, hashes, digest and signature', () => {
  const message: Mail = {
    from: { name: 'Cow', wallet: '0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826' },
    to: { name: 'Bob', wallet: '0xbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb' },
    contents: 'Hello, Bob!',
  }
  const separator = domain.toWord(
    { name: 'Ether Mail', version: '1', chainId: 1, verifyingContract: '0xcccccccccccccccccccccccccccccccccccccccc' },
    'domain',
  )
  expect(mail.encodedType).toBe('Mail(Person from,Person to,string contents)Person(string name,address wallet)')
  expect(bytesToHex(separator)).toBe('f2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f')
  expect(bytesToHex(mail.toWord(message, 'mail'))).toBe(
    'c52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e',
  )
  const digest = digestOf(separator, mail.toWord(message, 'mail'))
  expect(bytesToHex(digest)).toBe('be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2')

  const signature = Uint8Array.from(
    Buffer.from(
      '4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d' +
        '07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b91562' +
        '01',
      'hex',
    ),
  )
  expect(verifySigner(digest, signature)).toEqual({
    type: 'account',
    address: '0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826',
  })
})

test('the key of the example has the published address', () => {
  const cow = Uint8Array.from(Buffer.from('c85ef7d79691fe79573b1a7064c19c1a9819ebdbd1faaab1a8ec92344438aaf4', 'hex'))
  expect(accountSigner(cow).address).toBe('0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826')
})
