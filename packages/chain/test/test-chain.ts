/**
 * A whole chain in memory with a virtual clock: blocks go through prepare, process and finalize as an engine drives them,
 * and after each one all money is counted again.
 */
import { equalBytes } from '@granary/base'
import { pieceCidV2, verifyPoRep, verifyPost } from '@granary/proofs/verify'
import type { ChainEvent } from '@granary/protocol/events'
import {
  type Address,
  accountSigner,
  type DealTerms,
  encodeTransaction,
  type Hash,
  type MessageBodies,
  type Signer,
  type Transaction,
  type TransactionName,
  type TypedMessage,
  transactionDigest,
  typedDealTerms,
  typedTransaction,
} from '@granary/protocol/messages'
import type { ChainParams } from '@granary/protocol/records'
import { type Genesis, genesisHash } from '@granary/protocol/records'
import { concatBytes } from '@noble/hashes/utils.js'
import { signRecoverable } from 'tiny-secp256k1'
import { recoverSigner } from '../src/engine/verification/recover-signer.ts'
import {
  accountView,
  type Block,
  beaconRoundFor,
  type CandidateOutcome,
  createStateMachine,
  devnetGenesis,
  type EngineReport,
  type FinalizedBlock,
  readHead,
  recount,
  roundsToDeliver,
  type StateMachine,
  type Verifiers,
} from '../src/state/index.ts'
import type { TxResult } from '../src/state/machine/execute-tx.ts'
import { verifyBeaconRound } from '../src/state/proving/beacon.ts'
import { createMemoryState, type MemoryState } from './memory-state.ts'
import { BEACON_PUBLIC_KEY, signRound } from './signed-rounds.ts'

export const GRN: bigint = 10n ** 18n
const ROUNDS_AT_ONCE = 8
export const GENESIS_TIME_MS = 1_700_000_000_000

/** As the node verifies. A BLS signature is unique: a round that this key signs so is right, and no pairing says it better. */
const quick: Verifiers = {
  signer: recoverSigner,
  poRep: verifyPoRep,
  post: verifyPost,
  beacon: (publicKey, round, signature) =>
    (publicKey === BEACON_PUBLIC_KEY && equalBytes(signature, signRound(round))) ||
    verifyBeaconRound(publicKey, round, signature),
}

export interface TestChainOptions {
  readonly params?: Partial<ChainParams>
  /** Of the genesis, beside its parameters. @default a devnet's */
  readonly genesis?: Partial<Pick<Genesis, 'devnet' | 'blockTimeMs'>>
  /** A state to go on from, instead of the genesis'. */
  readonly from?: MemoryState
  /** Where the state is kept. @default in memory */
  readonly state?: MemoryState
  /** @default the node's own, and of this chain's own rounds that they are what it signs */
  readonly verifiers?: Partial<Verifiers>
  /** Around the execution that a block is committed by. */
  readonly finalize?: (execute: () => FinalizedBlock) => FinalizedBlock
  /** Whether all money is counted after each block. @default true */
  readonly recounts?: boolean
  /** Whether each block is voted on before it is executed, which executes it once more. @default true */
  readonly votes?: boolean
  /** Header time from block to block. @default the block time */
  readonly blockTimeMs?: number
}

export interface SendOptions {
  readonly lane?: number
  readonly sequence?: number
  readonly validUntil?: number
  readonly maxFee?: bigint
  readonly sender?: Address
}

export interface ProduceOptions {
  /** @default true; false: the round is withheld */
  readonly beacon?: boolean
  readonly afterMs?: number
  readonly onOutcome?: (outcome: CandidateOutcome) => void
  /** What an engine of several validators says of them. @default as an engine of one: nothing */
  readonly report?: EngineReport
}

export interface TestChain {
  readonly genesis: Genesis
  readonly genesisHash: Hash
  readonly state: MemoryState
  readonly machine: StateMachine
  readonly faucet: Signer
  readonly blocks: Block[]
  readonly events: (ChainEvent & { height: number })[]
  readonly height: number
  balance(address: Address): bigint
  /** What the sender of a transaction with these bytes signs; taken once, as a node has it from its admission. */
  digestOf(bytes: Uint8Array, tx: Transaction): Uint8Array
  /** A signed transaction, by default the next of lane 0 of the signer's account. */
  sign<N extends TransactionName>(signer: Signer, kind: N, body: MessageBodies[N], options?: SendOptions): Uint8Array
  /** One block with these candidates. @param beacon false: the round is withheld */
  produce(candidates?: Iterable<Uint8Array>, options?: ProduceOptions): FinalizedBlock
  /** Signs, puts it into a block and gives its result. */
  send<N extends TransactionName>(signer: Signer, kind: N, body: MessageBodies[N], options?: SendOptions): TxResult
  /** As send, for what must succeed. */
  does<N extends TransactionName>(signer: Signer, kind: N, body: MessageBodies[N], options?: SendOptions): TxResult
  advance(blocks: number): void
  advanceTo(height: number): void
}

export function createTestChain(options: TestChainOptions = {}): TestChain {
  const faucet = accountOfKey(new Uint8Array(32).fill(1))
  const devnet = devnetGenesis({
    validator: `0x${'22'.repeat(32)}`,
    beaconPublicKey: BEACON_PUBLIC_KEY,
    faucet: faucet.address,
    timeMs: GENESIS_TIME_MS,
  })
  const genesis: Genesis = { ...devnet, ...options.genesis, params: { ...devnet.params, ...options.params } }
  const chain = genesisHash(genesis)
  const { state = createMemoryState(), recounts = true, votes = true, finalize = (execute) => execute() } = options
  const digests = new WeakMap<Uint8Array, Uint8Array>()
  const verifiers: Verifiers = { ...quick, digest: (bytes) => digests.get(bytes), ...options.verifiers }
  const machine = createStateMachine({ reader: state, verifiers })
  const stepMs = options.blockTimeMs ?? genesis.blockTimeMs
  const blocks: Block[] = []
  const events: (ChainEvent & { height: number })[] = []
  state.commit(options.from === undefined ? machine.initChain(genesis).writes : new Map(options.from.range('')))

  const self: TestChain = {
    genesis,
    genesisHash: chain,
    state,
    machine,
    faucet,
    blocks,
    events,
    get height() {
      return readHead(state).height
    },
    balance: (address) => BigInt(accountView(state, address).balance),
    digestOf: (bytes, tx) => {
      const digest = digests.get(bytes) ?? transactionDigest(chain, tx)
      digests.set(bytes, digest)
      return digest
    },
    sign: (signer, kind, body, given = {}) => {
      const sender = given.sender ?? signer.address
      const lane = given.lane ?? 0
      const tx = {
        kind,
        sender,
        lane,
        sequence: given.sequence ?? accountView(state, sender).sequences[lane] ?? 0,
        validUntil: given.validUntil ?? self.height + 100,
        maxFee: given.maxFee ?? GRN,
        body,
      } as unknown as Transaction
      const message = typedLater(chain, tx)
      const signature = signer.sign(message)
      if (signature instanceof Promise) throw new TypeError('test signers are synchronous')
      const bytes = encodeTransaction(tx, signature)
      if (message.known !== undefined) digests.set(bytes, message.known.digest)
      return bytes
    },
    produce: (candidates = [], { beacon = true, afterMs = stepMs, onOutcome, report } = {}) => {
      const head = readHead(state)
      const height = head.height + 1
      const timeMs = head.timeMs + afterMs
      const round = beaconRoundFor(genesis, head.timeMs)
      const rounds = beacon ? roundsToDeliver(state, round, ROUNDS_AT_ONCE) : []
      const entries = rounds.map((each) => ({ round: each, signature: signRound(each) }))
      const txs = machine.prepareBlock({
        height,
        timeMs,
        candidates,
        beacon: entries,
        ...(onOutcome === undefined ? {} : { onOutcome }),
      })
      const block = { height, timeMs, txs, report }
      const verdict = votes ? machine.processBlock(block) : ({ accept: true } as const)
      if (!verdict.accept) throw new Error(`own proposal refused: ${verdict.reason}`)
      const finalized = finalize(() => machine.finalizeBlock(block))
      state.commit(finalized.writes)
      if (recounts) recount(state)
      blocks.push(block)
      const happened = [...finalized.results.flatMap((result) => result.events), ...finalized.events]
      events.push(...happened.map((event) => ({ ...event, height })))
      return finalized
    },
    send: (signer, kind, body, given) => {
      const bytes = self.sign(signer, kind, body, given)
      const { results } = self.produce([bytes])
      const result = results.find((each) => each.kind === kind)
      if (result === undefined) throw new Error(`${kind} was left out: ${machine.checkTx(bytes, 0).code}`)
      return result
    },
    does: (signer, kind, body, given) => {
      const result = self.send(signer, kind, body, given)
      if (result.code !== 'OK') throw new Error(`${kind} failed: ${result.code}: ${result.message}`)
      return result
    },
    advance: (count) => {
      for (let index = 0; index < count; index++) self.produce()
    },
    advanceTo: (height) => self.advance(height - self.height),
  }
  return self
}

/** As typedTransaction, once somebody looks at it: who signs by its name alone needs no digest of megabytes. */
function typedLater(chain: Hash, tx: Transaction): TypedMessage & { readonly known: TypedMessage | undefined } {
  let known: TypedMessage | undefined
  const typed = (): TypedMessage => (known ??= typedTransaction(chain, tx))
  return {
    genesisHash: chain,
    name: tx.kind,
    get digest() {
      return typed().digest
    },
    typedData: () => typed().typedData(),
    get known() {
      return known
    },
  }
}

/** As accountSigner, by the library that nodes verify with: the same signatures, for a fifth of the time. */
export function accountOfKey(privateKey: Uint8Array): Signer {
  return {
    ...accountSigner(privateKey),
    sign: ({ digest }) => {
      const { signature, recoveryId } = signRecoverable(digest, privateKey)
      return concatBytes(signature, Uint8Array.of(recoveryId))
    },
  }
}

/** An account with money. */
export function fund(chain: TestChain, seed: number, amount: bigint = 1_000n * GRN): Signer {
  const signer = accountOfKey(new Uint8Array(32).fill(seed))
  chain.does(chain.faucet, 'Transfer', { to: signer.address, amount })
  return signer
}

/** A provider with collateral. */
export function registerProvider(chain: TestChain, owner: Signer, sessionKey: Uint8Array = new Uint8Array(0)): number {
  const { events } = chain.does(owner, 'RegisterProvider', {
    payout: owner.address,
    sessionKey,
    endpoints: ['http://127.0.0.1:7470'],
    peerId: '',
    region: 'eu',
    name: 'barn',
  })
  const id = registeredIn(events)
  chain.does(owner, 'DepositCollateral', { provider: id, amount: 100n * GRN })
  return id
}

export function termsFor(
  chain: TestChain,
  client: Address,
  provider: number,
  given: Partial<DealTerms> = {},
): DealTerms {
  const root = new Uint8Array(32).fill(9)
  const pieceCid = pieceCidV2({ root, paddedSize: 1024, payloadSize: 1000 })
  return {
    client,
    provider,
    pieceCid,
    pieceSize: 1024,
    payloadSize: 1000,
    label: 'test',
    activateWithin: 100,
    duration: 200,
    pricePerEpoch: 1_000_000_007n,
    providerCollateral: 1_000_000_000_000n,
    validUntil: chain.height + 100,
    nonce: 1n,
    ...given,
  }
}

export function signTerms(chain: TestChain, provider: Signer, terms: DealTerms): Uint8Array {
  const signature = provider.sign(typedDealTerms(chain.genesisHash, terms))
  if (signature instanceof Promise) throw new TypeError('test signers are synchronous')
  return signature
}

export function registeredIn(events: readonly ChainEvent[]): number {
  return events.find((event) => event.type === 'provider:registered')!.provider
}

export function publishedIn(events: readonly ChainEvent[]): number[] {
  return events.filter((event) => event.type === 'deal:published').map(({ deal }) => deal)
}
