import { fromHex, toHex } from '@granary/base'
import { pieceCidV2 } from '@granary/proofs/verify'
import { describe, expect, test } from '@jest/globals'
import { SignTypedDataVersion, signTypedData, TypedDataUtils } from '@metamask/eth-sig-util'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { declarations } from './declarations.ts'
import {
  accountSigner,
  type DealTerms,
  dealTermsDigest,
  dealTermsFromJson,
  dealTermsToJson,
  decodeBeaconEntry,
  decodeTransaction,
  encodeBeaconEntry,
  encodeTransaction,
  type Hash,
  isBeaconEntry,
  type MessageBodies,
  type Quote,
  quoteDigest,
  quoteFromJson,
  quoteToJson,
  type Transaction,
  TransactionDecodeError,
  type TransactionName,
  type TypedMessage,
  transactionId,
  typedDealRenewal,
  typedDealTerms,
  typedLogin,
  typedQuote,
  typedTransaction,
  verifySigner,
} from './index.ts'

const GENESIS: Hash = `0x${'0a'.repeat(32)}`
const OTHER_GENESIS: Hash = `0x${'0b'.repeat(32)}`
const ALICE = `0x${'a1'.repeat(20)}` as const
const SIGNATURE = new Uint8Array(65).fill(3)

const bytes32 = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)

const terms: DealTerms = {
  client: ALICE,
  provider: 1000,
  pieceCid: pieceCidV2({ root: bytes32(1), paddedSize: 1024, payloadSize: 1000 }),
  pieceSize: 1024,
  payloadSize: 1000,
  rootCid: 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi',
  label: 'häy',
  activateWithin: 100,
  duration: 1000,
  pricePerEpoch: 10n ** 20n,
  providerCollateral: 0n,
  extendableUntil: 5000,
  validUntil: 77,
  nonce: 2n ** 64n - 1n,
}

const bodies: { readonly [N in TransactionName]: MessageBodies[N] } = {
  Transfer: { to: ALICE, amount: 2n ** 128n - 1n },
  AuthorizeKey: { publicKey: bytes32(5), scopes: ['terms', 'SubmitPost'], expires: 9, spendingLimit: 1n },
  RegisterProvider: {
    payout: ALICE,
    sessionKey: bytes32(6),
    endpoints: ['http://a'],
    peerId: '12D3',
    region: '',
    name: 'ü',
  },
  SetAsk: {
    provider: 1000,
    pricePerGiBEpoch: 12n,
    pieceSizeMin: 128,
    pieceSizeMax: 2 ** 40,
    durationMin: 1,
    durationMax: 2,
    profiles: ['8MiB-dev'],
    collateralShareMaxBps: 10_000,
    validUntil: 3,
  },
  DepositCollateral: { provider: 1000, amount: 255n },
  PublishDeal: { deals: [{ terms, providerSignature: new Uint8Array(96).fill(1) }] },
  SettleDeals: { deals: [1, 2 ** 40] },
  PreCommitSectors: {
    provider: 1000,
    sectors: [
      {
        number: 2 ** 32 - 1,
        profile: '4GiB',
        commD: bytes32(1),
        commR: bytes32(2),
        ticketEpoch: 0,
        deals: [],
        expiry: 8,
      },
    ],
  },
  ProveCommitSector: { provider: 1000, number: 0, bundle: new Uint8Array(100_000) },
  RevokeKey: { publicKey: bytes32(5) },
  UpdateProvider: {
    provider: 1000,
    payout: ALICE,
    sessionKey: new Uint8Array(0),
    endpoints: [],
    peerId: '',
    region: 'eu',
    name: '',
  },
  WithdrawCollateral: { provider: 1000, amount: 1n },
  RenewDeal: {
    renewal: {
      deal: 7,
      agreementId: `0x${'0c'.repeat(32)}`,
      startsAt: 850,
      endsAt: 900,
      providerCollateral: 5n,
      validUntil: 800,
    },
    providerSignature: new Uint8Array(65).fill(2),
  },
  TopUpDeal: { deal: 2 ** 40, epochs: 60 },
  TopUpByOrder: { deal: 2 ** 40, epochs: 60 },
  CancelDeal: { deal: 1 },
  ExtendSectors: { provider: 1000, sectors: [1, 2 ** 32 - 1], expiry: 2 ** 40 },
  TerminateSectors: { provider: 1000, sectors: [7] },
  DeclareFaults: { provider: 1000, partition: 3, sectors: [9, 8] },
  BondValidator: { validator: bytes32(7), amount: 10n ** 19n, possession: new Uint8Array(64).fill(4) },
  UnbondValidator: { validator: bytes32(7), amount: 1n },
  Unjail: { validator: bytes32(7) },
  RequestRecovery: { provider: 1000, partition: 3, sectors: [] },
  SubmitPost: { provider: 1000, partition: 0, challengeEpoch: 24, skipped: [3, 7], bundle: new Uint8Array(1) },
  SubmitProposal: {
    title: 'cheaper',
    link: 'https://example.org/1',
    changes: [{ name: 'feeBase', value: 2n ** 100n }],
    upgradeAt: 77,
    rules: 2,
    release: 'granary 2',
  },
  Vote: { proposal: 2 ** 40, choice: 'abstain' },
}

function transaction(kind: TransactionName, body: MessageBodies[TransactionName] = bodies[kind]): Transaction {
  const envelope = { sender: ALICE, lane: 65_535, sequence: 2 ** 33, validUntil: 300, maxFee: 10n ** 18n }
  return { ...envelope, kind, body } as unknown as Transaction
}

const kinds = Object.keys(bodies) as TransactionName[]

test.each(kinds)('%s comes back as it was sent', (kind) => {
  const tx = transaction(kind)
  const bytes = encodeTransaction(tx, SIGNATURE)
  expect(decodeTransaction(bytes)).toEqual({ tx, signature: SIGNATURE })
})

test('absent fields stay absent', () => {
  const { rootCid: _root, extendableUntil: _until, ...shorter } = terms
  const tx = transaction('PublishDeal', { deals: [{ terms: shorter, providerSignature: SIGNATURE }] })
  expect(decodeTransaction(encodeTransaction(tx, SIGNATURE)).tx).toEqual(tx)
  expect(dealTermsFromJson(JSON.parse(JSON.stringify(dealTermsToJson(shorter))))).toEqual(shorter)
})

test('an absent field cannot be given explicitly: one digest would stand for two messages', () => {
  for (const given of [{ rootCid: '' }, { extendableUntil: 0 }]) {
    expect(() => dealTermsDigest(GENESIS, { ...terms, ...given })).toThrow('to be left out')
  }
})

describe('what is not the encoding of a transaction', () => {
  const small = kinds.filter((kind) => kind !== 'ProveCommitSector')

  test.each(small)('%s: every byte flipped gives another transaction or the typed error', (kind) => {
    const bytes = encodeTransaction(transaction(kind), SIGNATURE)
    for (let index = 0; index < bytes.length; index++) {
      const mutated = bytes.slice()
      mutated[index]! ^= 1 << (index % 8)
      expect(toHex(refusalOrBytes(mutated))).toBe(toHex(mutated))
    }
  })

  test('cut, extended and foreign bytes are refused', () => {
    const bytes = encodeTransaction(transaction('Transfer'), SIGNATURE)
    for (let length = 0; length < bytes.length; length++) expect(isRefused(bytes.slice(0, length))).toBe(true)
    expect(isRefused(new Uint8Array([...bytes, 0]))).toBe(true)
    expect(isRefused(new Uint8Array(70_000).fill(0x81))).toBe(true)
    expect(isRefused(new Uint8Array([0x89, 1, 1, ...new Uint8Array(60_000).fill(0x81)]))).toBe(true)
  })

  test('numbers with a longer head than they need are refused', () => {
    const tx = { ...transaction('Transfer'), sequence: 5 } as Transaction
    const bytes = encodeTransaction(tx, SIGNATURE)
    const at = bytes.indexOf(5, 3 + 21)
    expect(isRefused(new Uint8Array([...bytes.slice(0, at), 0x18, 5, ...bytes.slice(at + 1)]))).toBe(true)
  })

  test('an amount with a leading zero byte is refused', () => {
    const bytes = encodeTransaction(transaction('Transfer', { to: ALICE, amount: 7n }), SIGNATURE)
    const at = bytes.length - 67 - 2
    expect([...bytes.slice(at, at + 2)]).toEqual([0x41, 7])
    expect(isRefused(new Uint8Array([...bytes.slice(0, at), 0x42, 0, 7, ...bytes.slice(at + 2)]))).toBe(true)
  })

  test('a kind is refused beyond its size', () => {
    const body = { ...bodies.SubmitPost, bundle: new Uint8Array(2 ** 20) }
    expect(() => encodeTransaction(transaction('SubmitPost', body), SIGNATURE)).toThrow('at most 1048576 bytes')
    const bytes = encodeTransaction(transaction('ProveCommitSector'), SIGNATURE)
    bytes[2] = 1
    expect(() => decodeTransaction(bytes)).toThrow('at most 65536')
  })

  test('garbage of a million small items is refused before any of them is built', () => {
    const header = Uint8Array.of(0x89, 1, declarations.ProveCommitSector.kind)
    const items = new Uint8Array(3 * 2 ** 20 - 8)
    const bytes = Uint8Array.of(...header, 0x9a, ...u32be(items.length))
    expect(() => decodeTransaction(Buffer.concat([bytes, items]))).toThrow('at most 65536 items')
  })

  test('random bytes give the typed error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => isRefused(bytes)),
      { numRuns: 2_000 },
    )
  })

  test('a CID of version 0 with a prefix is not the encoding of it', () => {
    const bytes = encodeTransaction(transaction('PublishDeal'), SIGNATURE)
    const at = Buffer.from(bytes).indexOf(Buffer.from(CID.parse(terms.rootCid!).bytes))
    bytes[at] = 0
    expect(() => decodeTransaction(bytes)).toThrow('canonical')
  })

  test('random changes of a real one give the typed error or what was sent', () => {
    const bytes = encodeTransaction(transaction('PublishDeal'), SIGNATURE)
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 }))
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const mutated = bytes.slice()
        for (const [index, value] of changes) mutated[index] = value
        expect(toHex(refusalOrBytes(mutated))).toBe(toHex(mutated))
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('the digest', () => {
  test('is bound to the chain, to the kind and to every field', () => {
    const ids = [
      transactionId(GENESIS, transaction('Transfer')),
      transactionId(OTHER_GENESIS, transaction('Transfer')),
      transactionId(GENESIS, { ...transaction('Transfer'), lane: 1 } as Transaction),
      transactionId(GENESIS, { ...transaction('Transfer'), sequence: 1 } as Transaction),
      transactionId(GENESIS, { ...transaction('Transfer'), validUntil: 1 } as Transaction),
      transactionId(GENESIS, { ...transaction('Transfer'), maxFee: 1n } as Transaction),
      transactionId(GENESIS, transaction('Transfer', { to: ALICE, amount: 1n })),
      ...kinds.slice(1).map((kind) => transactionId(GENESIS, transaction(kind))),
    ]
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('of a quote is not the one of deal terms with the same figures', () => {
    const quote: Quote = {
      quoteId: 'q',
      client: ALICE,
      provider: 1000,
      pieceSize: 1024,
      duration: 5,
      pricePerEpoch: 1n,
      total: 5n,
      networkFee: 1n,
      providerCollateral: 1n,
      activateWithin: 5,
      validUntil: 9,
    }
    expect(quoteDigest(GENESIS, quote)).not.toEqual(dealTermsDigest(GENESIS, terms))
    expect(quoteFromJson(JSON.parse(JSON.stringify(quoteToJson(quote))))).toEqual(quote)
  })
})

test('terms come back from JSON; what is not terms names its field', () => {
  const json = dealTermsToJson(terms)
  expect(dealTermsFromJson(JSON.parse(JSON.stringify(json)))).toEqual(terms)
  const wrong: [string, unknown][] = [
    ['client', ALICE.toUpperCase()],
    ['provider', '1000'],
    ['provider', -1],
    ['provider', 1.5],
    ['pieceCid', 'baga6ea4seaqao7s73y24kcutaosvacpdjgfe5pw76ooefnyqw4ynr3d2y6x2mpq'],
    ['pieceCid', 5],
    ['rootCid', 'not a cid'],
    ['label', 'x'.repeat(257)],
    ['label', '\ud800'],
    ['duration', 5],
    ['duration', '05'],
    ['duration', '-5'],
    ['pricePerEpoch', '1e3'],
    ['nonce', String(2n ** 64n)],
    ['pricePerEpoch', String(2n ** 128n)],
  ]
  for (const [field, value] of wrong) {
    expect(() => dealTermsFromJson({ ...json, [field]: value })).toThrow(`terms.${field}`)
  }
  expect(() => dealTermsFromJson({ ...json, extra: 1 })).toThrow('terms.extra')
  for (const value of [null, 'x', [], undefined]) expect(() => dealTermsFromJson(value)).toThrow('an object')
})

test('a beacon entry comes back and is not a transaction', () => {
  const entry = { round: 12_345, signature: new Uint8Array(48).fill(9) }
  const bytes = encodeBeaconEntry(entry)
  expect(isBeaconEntry(bytes)).toBe(true)
  expect(decodeBeaconEntry(bytes)).toEqual(entry)
  expect(isRefused(bytes)).toBe(true)
  expect(isBeaconEntry(encodeTransaction(transaction('Transfer'), SIGNATURE))).toBe(false)
  expect(() => decodeBeaconEntry(bytes.slice(0, -1))).toThrow(TransactionDecodeError)
  expect(() => decodeBeaconEntry(encodeTransaction(transaction('Transfer'), SIGNATURE))).toThrow(TransactionDecodeError)
})

test('signing takes the digest of the message', () => {
  const signer = accountSigner(bytes32(1))
  expect(signer.address).toMatch(/^0x[0-9a-f]{40}$/)
})

describe('a wallet that is given the typed data', () => {
  const { rootCid: _root, extendableUntil: _until, ...withoutOptions } = terms
  const { renewal } = bodies.RenewDeal
  const offer: Quote = {
    quoteId: 'q1',
    client: ALICE,
    provider: 1000,
    pieceSize: 1024,
    duration: 1000,
    pricePerEpoch: 1n,
    total: 1000n,
    providerCollateral: 2n,
    networkFee: 3n,
    activateWithin: 100,
    validUntil: 77,
  }
  const messages: readonly (readonly [string, TypedMessage])[] = [
    ...kinds.map((kind) => [kind, typedTransaction(GENESIS, transaction(kind))] as const),
    ['Terms', typedDealTerms(GENESIS, terms)],
    ['Terms without what may be absent', typedDealTerms(GENESIS, withoutOptions)],
    ['Renewal', typedDealRenewal(GENESIS, renewal)],
    ['Quote', typedQuote(GENESIS, offer)],
    ['Login', typedLogin(GENESIS, { client: ALICE, provider: 1000, issuedAt: 1_700_000_000 })],
  ]
  const privateKey = Buffer.alloc(32, 1)
  const version = SignTypedDataVersion.V4

  // What MetaMask runs is the judge: it knows nothing of our declarations but the JSON.
  test.each(messages)('%s: makes the digest that a key signs of it', (_, message) => {
    const data = JSON.parse(JSON.stringify(message.typedData()))
    expect(toHex(TypedDataUtils.eip712Hash(data, version))).toBe(toHex(message.digest))
    const signature = fromHex(signTypedData({ privateKey, data, version }))
    const ours = Uint8Array.from([...signature.subarray(0, 64), signature[64]! - 27])
    expect(verifySigner(message.digest, ours)).toEqual({ type: 'account', address: accountSigner(privateKey).address })
  })

  test('shows every field, and a domain without a chain id', () => {
    const { types, primaryType, domain, message } = typedTransaction(GENESIS, transaction('Transfer')).typedData()
    expect({ types, primaryType, domain, message }).toEqual({
      types: {
        EIP712Domain: [
          { name: 'name', type: 'string' },
          { name: 'version', type: 'string' },
          { name: 'salt', type: 'bytes32' },
        ],
        Transfer: [
          { name: 'tx', type: 'Envelope' },
          { name: 'to', type: 'address' },
          { name: 'amount', type: 'uint128' },
        ],
        Envelope: [
          { name: 'sender', type: 'address' },
          { name: 'lane', type: 'uint16' },
          { name: 'sequence', type: 'uint56' },
          { name: 'validUntil', type: 'uint64' },
          { name: 'maxFee', type: 'uint128' },
        ],
      },
      primaryType: 'Transfer',
      domain: { name: 'Granary', version: '1', salt: GENESIS },
      message: {
        tx: { sender: ALICE, lane: 65_535, sequence: 2 ** 33, validUntil: '300', maxFee: `${10n ** 18n}` },
        to: ALICE,
        amount: `${2n ** 128n - 1n}`,
      },
    })
  })
})

function isRefused(bytes: Uint8Array): boolean {
  return refusalOrBytes(bytes) === bytes
}

/** The same bytes again: because they were refused with the typed error, or because they decode and encode to themselves. */
function refusalOrBytes(bytes: Uint8Array): Uint8Array {
  try {
    const { tx, signature } = decodeTransaction(bytes)
    return encodeTransaction(tx, signature).slice()
  } catch (error) {
    if (!(error instanceof TransactionDecodeError)) throw error
    return bytes
  }
}

function u32be(value: number): number[] {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff)
}
