import { expect, test } from '@jest/globals'
import { bases } from 'multiformats/basics'
import { CID } from 'multiformats/cid'
import { parseCid } from './cid-key.ts'

const cid = CID.parse('bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy')

test.each(Object.values(bases).map((base) => [base.name, base.encoder] as const))(
  'a CID is read in %s',
  (_name, encoder) => {
    expect(parseCid(cid.toString(encoder)).equals(cid)).toBe(true)
  },
)

test('a CID of version 0 has no base', () => {
  const old = CID.parse('QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG')
  expect(parseCid(old.toString()).equals(old)).toBe(true)
})

test.each(['', 'no-cid', '🚀', 'b', 'Qm', '\ud83d'])('%j is no CID', (text) => {
  expect(() => parseCid(text)).toThrow(expect.objectContaining({ code: 'CID_INVALID' }))
})
