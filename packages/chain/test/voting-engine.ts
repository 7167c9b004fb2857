/**
 * Another engine than the embedded one, on the same modules: validators propose in turn, execute each proposal before they vote
 * for it, and a block stands when two thirds have signed its header. Messages wait in a plain list. In one process, without a
 * network: what matters here is that admission, committing, state machine and RPC are those of every engine.
 */
import { type Hex, toHex } from '@granary/base'
import {
  embeddedHeaderVerifier,
  type Header,
  type HeaderVerifier,
  hashTxs,
  type SignedHeader,
  signHeader,
} from '@granary/protocol/header'
import { type Hash, transactionDigest } from '@granary/protocol/messages'
import { type Genesis, genesisHash } from '@granary/protocol/records'
import { ed25519 } from '@noble/curves/ed25519.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { createAdmission } from '../src/engine/admission/create-admission.ts'
import type { Mempool } from '../src/engine/admission/mempool.ts'
import type { PendingTx } from '../src/engine/admission/pending-tx.ts'
import { type Committer, createCommitter } from '../src/engine/commit/create-committer.ts'
import type { Engine } from '../src/engine/engine.ts'
import {
  beaconRoundFor,
  createStateMachine,
  type FinalizedBlock,
  type StateMachine,
  sendersOf,
  signBeaconRound,
} from '../src/state/index.ts'
import type { Store } from '../src/store/open-store.ts'

const SIGNATURE_BYTES = 64
const ZERO_HASH: Hash = `0x${'00'.repeat(32)}`

export interface VotingEngineParts {
  readonly genesis: Genesis
  readonly beaconKey: Uint8Array
  /** ed25519 seeds, in the order of the genesis' validators. */
  readonly validatorKeys: readonly Uint8Array[]
  /** One of each validator; the first one's node is that which is asked. */
  readonly stores: readonly Store[]
}

export interface VotingEngine {
  readonly engine: Engine
  readonly headers: HeaderVerifier
  produce(): void
}

interface Validator {
  readonly key: Uint8Array
  readonly publicKey: Hex
  readonly store: Store
  readonly machine: StateMachine
  readonly committer: Committer
}

/** A header stands with the signatures of more than two thirds of the validators, each at its place. */
export function votesVerifier(chain: Hash, validators: readonly Hex[]): HeaderVerifier {
  return {
    verify({ bytes, signature }) {
      if (signature.length !== validators.length * SIGNATURE_BYTES) return undefined
      const votes = validators.flatMap((validator, index) => {
        const vote = signature.subarray(index * SIGNATURE_BYTES, (index + 1) * SIGNATURE_BYTES)
        const headers = embeddedHeaderVerifier({ genesisHash: chain, validators: [validator] })
        return headers.verify({ bytes, signature: vote }) ?? []
      })
      return 3 * votes.length > 2 * validators.length ? votes[0] : undefined
    },
  }
}

export function createVotingEngine({ genesis, beaconKey, validatorKeys, stores }: VotingEngineParts): VotingEngine {
  const chain = genesisHash(genesis)
  const validators = validatorKeys.map((key, index): Validator => {
    const store = stores[index]!
    const machine = createStateMachine({ reader: store.reader })
    return { key, publicKey: genesis.validators[index]!, store, machine, committer: createCommitter({ store }) }
  })
  const [asked] = validators as [Validator, ...Validator[]]
  const waiting: PendingTx[] = []
  const mempool: Mempool = {
    get: (id) => waiting.find((tx) => tx.id === id),
    pendingInLane: (sender, lane, before = Number.POSITIVE_INFINITY) =>
      waiting.filter((tx) => tx.sender === sender && tx.lane === lane && tx.sequence < before).length,
    check: () => undefined,
    add: (tx) => {
      waiting.push(tx)
      return []
    },
  }
  const senders = sendersOf(asked.store.reader)
  const admission = createAdmission({
    genesisHash: chain,
    blockTimeMs: genesis.blockTimeMs,
    machine: asked.machine,
    pool: mempool,
    senders,
    verification: {
      digestOf: async (hash, _, tx) => transactionDigest(hash, tx),
      prepareSigners: async () => undefined,
      withProofs: async (check) => check(),
    },
    height: () => headOf(asked.store).height,
    isKnown: (id) => mempool.get(id) !== undefined || asked.store.tx(id) !== undefined,
    onDropped: () => undefined,
  })

  function signed(voters: readonly Validator[], header: Header): SignedHeader {
    const nothing = new Uint8Array(SIGNATURE_BYTES)
    const votes = validators.map((each) =>
      voters.includes(each) ? signHeader(header, chain, each.key).signature : nothing,
    )
    return { ...signHeader(header, chain, asked.key), signature: concatBytes(...votes) }
  }

  function commit(block: { height: number; timeMs: number; txs: Uint8Array[] }, header: SignedHeader): FinalizedBlock {
    const [finalized] = validators.map(({ machine, committer }) => {
      const executed = block.height === 0 ? machine.initChain(genesis) : machine.finalizeBlock(block)
      committer.commit({ block, header, finalized: executed })
      return executed
    })
    return finalized!
  }

  const first = { height: 0, timeMs: genesis.timeMs, txs: [] }
  const header = { ...first, previousHash: chain, txsHash: hashTxs([]), appHash: ZERO_HASH, validator: asked.publicKey }
  commit(first, signed(validators, header))

  return {
    headers: votesVerifier(chain, genesis.validators),
    produce() {
      const head = headOf(asked.store)
      const height = head.height + 1
      const proposer = validators[height % validators.length]!
      const timeMs = head.timeMs + genesis.blockTimeMs
      const round = beaconRoundFor(genesis, head.timeMs)
      const txs = proposer.machine.prepareBlock({
        height,
        timeMs,
        candidates: waiting.map(({ bytes }) => bytes),
        beacon: [{ round, signature: signBeaconRound(beaconKey, round) }],
      })
      const block = { height, timeMs, txs }
      const voters = validators.filter(({ machine }) => machine.processBlock(block).accept)
      const { hash: previousHash, appHash } = head
      const finalized = commit(
        block,
        signed(voters, { height, timeMs, previousHash, txsHash: hashTxs(txs), appHash, validator: proposer.publicKey }),
      )
      const included = finalized.results.flatMap(({ id }) => id ?? [])
      waiting.splice(0, waiting.length, ...waiting.filter(({ id }) => !included.includes(id)))
      admission.settle()
      for (const { committer } of validators) committer.announce(height, included)
    },
    engine: {
      halted: new Promise(() => undefined),
      failure: undefined,
      stalled: undefined,
      clock: { trust: 'local', newestRound: undefined, silentMs: 0, dispute: undefined },
      start: () => undefined,
      submit: admission.submit,
      waitFor: async (id, options) => {
        if (asked.store.tx(id) === undefined) await asked.committer.waitFor(id, options?.signal)
      },
      waiting: mempool.get,
      nextSequence: (sender, lane) => senders.nextSequence(sender, lane) + mempool.pendingInLane(sender, lane),
      lanesOf: (sender) => [...new Set(waiting.filter((tx) => tx.sender === sender).map(({ lane }) => lane))],
      async signedHeader(height) {
        const block = asked.store.block(height)
        return block && { bytes: block.header, signature: block.signature }
      },
      onBlock: asked.committer.onBlock,
      stop: async () => undefined,
    },
  }
}

/** The public keys of validators, for a genesis. */
export function publicKeysOf(validatorKeys: readonly Uint8Array[]): Hex[] {
  return validatorKeys.map((key) => toHex(ed25519.getPublicKey(key)))
}

function headOf(store: Store): NonNullable<ReturnType<Store['head']>> {
  const head = store.head()
  if (head === undefined) throw new Error('the store has no genesis block')
  return head
}
