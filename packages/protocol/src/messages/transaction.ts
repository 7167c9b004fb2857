/**
 * A message with its sender: `[version, kind, sender, lane, sequence, validUntil, maxFee, body, signature]`. What is
 * signed is never these bytes but the EIP-712 digest of the message, which is also the transaction's id, so a second
 * encoding of a signature cannot make a second transaction. docs/spec/chain.md section 1.
 */
import { GranaryError, toHex } from '@granary/base'
import { address, bigUint, bytes, epochs, type Field, uint, type Wire } from '../codec/field.ts'
import { type Struct, struct } from '../codec/struct.ts'
import { decodeTuple, encodeTuple } from '../codec/tuple-codec.ts'
import { type Address, type AttoGrn, type Epoch, type Hash, MessageInvalidError } from '../codec/types.ts'
import { type BeaconEntry, beaconEntry } from './beacon-entry.ts'
import { type DealRenewal, dealRenewal } from './deal-renewal.ts'
import { type DealTerms, dealTerms } from './deal-terms.ts'
import { type MessageBodies, type TransactionName, transactions } from './declarations.ts'
import { type TypedMessage, typedMessage } from './eip712.ts'
import { type Login, login } from './login.ts'
import { type Quote, quote } from './quote.ts'

export const TX_VERSION = 1

/** More than fit into the longest list of any message, and far fewer than the bytes of the largest proof could hold. */
const ITEMS_MAX = 2 ** 16

export interface Envelope {
  readonly sender: Address
  /** Sequences count in each lane by itself, so that a stuck deal never holds back a proof. */
  readonly lane: number
  readonly sequence: number
  /** The last epoch in which the transaction may be in a block. */
  readonly validUntil: Epoch
  readonly maxFee: AttoGrn
}

/** A message of one of the kinds `N`; the kind tells the body. */
export type Transaction<N extends TransactionName = TransactionName> = {
  [K in N]: Envelope & { readonly kind: K; readonly body: MessageBodies[K] }
}[N]

export class TransactionDecodeError extends GranaryError {
  constructor(message: string, cause?: unknown) {
    super({
      code: 'TX_MALFORMED',
      message,
      hint: 'send the bytes that encodeTransaction gives',
      cause,
    })
  }
}

export const envelope: Struct<Envelope> = struct('Envelope', {
  sender: address,
  lane: uint(16),
  sequence: uint(53),
  validUntil: epochs,
  maxFee: bigUint(128),
})
const signatureField: Field<Uint8Array> = bytes(65, 96)
const kindNames: ReadonlyMap<number, TransactionName> = new Map(
  Object.values(transactions).map(({ kind, name }) => [kind, name]),
)
const signedStructs: ReadonlyMap<TransactionName, Struct<object>> = new Map(
  [...kindNames.values()].map((name) => [name, signedStruct(name)]),
)

export function encodeTransaction(tx: Transaction, signature: Uint8Array): Uint8Array {
  const { kind, sizeMax } = transactions[tx.kind]
  const encoded = encodeTuple([
    TX_VERSION,
    kind,
    ...(envelope.toWire(tx, tx.kind) as readonly Wire[]),
    bodyStruct(tx.kind).toWire(tx.body, tx.kind),
    signatureField.toWire(signature, 'signature'),
  ])
  if (encoded.length > sizeMax) throw new MessageInvalidError(tx.kind, `at most ${sizeMax} bytes`, encoded)
  return encoded
}

/** @throws TransactionDecodeError for every byte string that encodeTransaction does not give. */
export function decodeTransaction(encoded: Uint8Array): { tx: Transaction; signature: Uint8Array } {
  const kind = peekKind(encoded)
  try {
    const wire = decodeTuple(encoded, kind, ITEMS_MAX)
    if (!Array.isArray(wire) || wire.length !== 9) throw new MessageInvalidError(kind, 'a tuple of 9', wire)
    const items: readonly Wire[] = wire
    const tx = {
      kind,
      ...envelope.fromWire(items.slice(2, 7), kind),
      body: bodyStruct(kind).fromWire(items[7]!, kind),
    } as Transaction
    return { tx, signature: signatureField.fromWire(items[8]!, 'signature') }
  } catch (error) {
    if (!GranaryError.is(error)) throw error
    throw new TransactionDecodeError(error.message, error)
  }
}

/** What the sender signs. The hex of its digest is the transaction's id. */
export function typedTransaction(genesisHash: Hash, tx: Transaction): TypedMessage {
  return typedMessage(genesisHash, signedStructs.get(tx.kind)!, { tx, ...tx.body })
}

export function transactionDigest(genesisHash: Hash, tx: Transaction): Uint8Array {
  return typedTransaction(genesisHash, tx).digest
}

export function transactionId(genesisHash: Hash, tx: Transaction): Hash {
  return hashOf(transactionDigest(genesisHash, tx))
}

/** What a provider signs when it has the data. The hex of its digest is the agreement's id. */
export function typedDealTerms(genesisHash: Hash, terms: DealTerms): TypedMessage {
  return typedMessage(genesisHash, dealTerms, terms)
}

export function dealTermsDigest(genesisHash: Hash, terms: DealTerms): Uint8Array {
  return typedDealTerms(genesisHash, terms).digest
}

export function typedDealRenewal(genesisHash: Hash, renewal: DealRenewal): TypedMessage {
  return typedMessage(genesisHash, dealRenewal, renewal)
}

export function dealRenewalDigest(genesisHash: Hash, renewal: DealRenewal): Uint8Array {
  return typedDealRenewal(genesisHash, renewal).digest
}

export function typedQuote(genesisHash: Hash, value: Quote): TypedMessage {
  return typedMessage(genesisHash, quote, value)
}

export function quoteDigest(genesisHash: Hash, value: Quote): Uint8Array {
  return typedQuote(genesisHash, value).digest
}

export function typedLogin(genesisHash: Hash, value: Login): TypedMessage {
  return typedMessage(genesisHash, login, value)
}

export function loginDigest(genesisHash: Hash, value: Login): Uint8Array {
  return typedLogin(genesisHash, value).digest
}

export function hashOf(digest: Uint8Array): Hash {
  return toHex(digest)
}

export function encodeBeaconEntry(entry: BeaconEntry): Uint8Array {
  const { kind, body } = beaconEntry
  return encodeTuple([TX_VERSION, kind, ...(body.toWire(entry, 'BeaconEntry') as readonly Wire[])])
}

/** True for the bytes that only a block's producer may put in, as its first item. */
export function isBeaconEntry(encoded: Uint8Array): boolean {
  return encoded[0] === 0x84 && encoded[1] === TX_VERSION && encoded[2] === beaconEntry.kind
}

/** @throws TransactionDecodeError */
export function decodeBeaconEntry(encoded: Uint8Array): BeaconEntry {
  const { body, sizeMax } = beaconEntry
  if (!isBeaconEntry(encoded) || encoded.length > sizeMax) throw new TransactionDecodeError('not a beacon entry')
  try {
    const items = decodeTuple(encoded, 'BeaconEntry') as readonly Wire[]
    return body.fromWire(items.slice(2), 'BeaconEntry')
  } catch (error) {
    if (!GranaryError.is(error)) throw error
    throw new TransactionDecodeError(error.message, error)
  }
}

/** The kind stands at a fixed place, so that the limit of its size holds before anything is decoded. */
function peekKind(encoded: Uint8Array): TransactionName {
  // Integers from 24 on stand behind a byte that says so.
  const at = encoded[2] === 0x18 ? 3 : 2
  const name = encoded[0] === 0x89 && encoded[1] === TX_VERSION ? kindNames.get(encoded[at]!) : undefined
  if (name === undefined) throw new TransactionDecodeError('not a transaction of a known version and kind')
  const { sizeMax } = transactions[name]
  if (encoded.length > sizeMax) {
    throw new TransactionDecodeError(`${name} is ${encoded.length} bytes, at most ${sizeMax} are allowed`)
  }
  return name
}

/** `Kind(Envelope tx, …body)`: the fields of the body stand at the top, where a wallet shows them. */
function signedStruct(name: TransactionName): Struct<object> {
  return struct<object>(name, { tx: envelope, ...transactions[name].body.fields })
}

function bodyStruct(name: TransactionName): Struct<MessageBodies[TransactionName]> {
  return transactions[name].body as Struct<MessageBodies[TransactionName]>
}
