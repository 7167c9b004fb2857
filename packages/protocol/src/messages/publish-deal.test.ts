import { pieceCidV2 } from '@granary/proofs/verify'
import { expect, test } from '@jest/globals'
import { CID } from 'multiformats/cid'
import * as digest from 'multiformats/hashes/digest'
import { AMOUNT_MAX } from '../codec/types.ts'
import { PUBLISH_BYTES_MAX } from './publish-deal.ts'
import { encodeTransaction } from './transaction.ts'

const CLIENT = `0x${'ff'.repeat(20)}` as const
const EPOCH_MAX = Number.MAX_SAFE_INTEGER
const PIECE_BYTES = 2 ** 52
/** Of the longest root CID that terms may name. */
const DIGEST_BYTES_MAX = 124

test('a PublishDeal of one deal, with everything in it as long as it may be, has no more bytes than its fee is counted for', () => {
  // The least that needs a piece of that size: its padding is the longest.
  const payloadSize = (127 * PIECE_BYTES) / 256 + 1
  const terms = {
    client: CLIENT,
    provider: 2 ** 32 - 1,
    pieceCid: pieceCidV2({ root: new Uint8Array(32).fill(0x3f), paddedSize: PIECE_BYTES, payloadSize }),
    pieceSize: PIECE_BYTES,
    payloadSize,
    rootCid: CID.createV1(0x70, digest.create(0x13, new Uint8Array(DIGEST_BYTES_MAX).fill(0xff))).toString(),
    label: 'x'.repeat(256),
    activateWithin: EPOCH_MAX,
    duration: EPOCH_MAX,
    pricePerEpoch: AMOUNT_MAX,
    providerCollateral: AMOUNT_MAX,
    extendableUntil: EPOCH_MAX,
    validUntil: EPOCH_MAX,
    nonce: 2n ** 64n - 1n,
  }
  const envelope = { sender: CLIENT, lane: 31, sequence: EPOCH_MAX, validUntil: EPOCH_MAX, maxFee: AMOUNT_MAX }
  const signature = new Uint8Array(96).fill(0xff)
  const body = { deals: [{ terms, providerSignature: signature }] }
  const { length } = encodeTransaction({ kind: 'PublishDeal', ...envelope, body }, signature)
  expect(length).toBeLessThanOrEqual(PUBLISH_BYTES_MAX)
  // Not so far above it that an account would be asked for more than it needs.
  expect(length).toBeGreaterThan(PUBLISH_BYTES_MAX / 2)
})
