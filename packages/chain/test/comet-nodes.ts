/**
 * Nodes of a chain on CometBFT, and in CometBFT's place what it does with them in the right order: a transaction goes to the pool
 * of each, one proposes, all vote, all execute and commit. In one process, without its network; e2e runs the real one.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { fromHex } from '@granary/base'
import { hashTxs } from '@granary/protocol/header'
import {
  accountSigner,
  encodeTransaction,
  type KeySigner,
  type Transaction,
  transactionDigest,
} from '@granary/protocol/messages'
import { type Genesis, genesisHash } from '@granary/protocol/records'
import { sha256 } from '@noble/hashes/sha2.js'
import {
  RequestFinalizeBlock,
  RequestPrepareProposal,
  RequestProcessProposal,
  ResponseProcessProposal_ProposalStatus,
} from 'cosmjs-types/tendermint/abci/types'
import { createLocalClock } from '../src/engine/clock/create-local-clock.ts'
import { type CometEngine, createCometEngine } from '../src/engine/comet/create-comet-engine.ts'
import { unsignedHeader } from '../src/engine/comet/unsigned-header.ts'
import { commitGenesis } from '../src/engine/commit/commit-genesis.ts'
import { ZERO_HASH } from '../src/engine/commit/verify-head.ts'
import type { EngineEvent } from '../src/engine/engine.ts'
import { createLocalBeacon } from '../src/engine/local-beacon.ts'
import { createStatePool } from '../src/engine/pool/create-state-pool.ts'
import {
  appHashOfState,
  beaconKeyFrom,
  beaconPublicKey,
  createStateMachine,
  devnetGenesis,
  readHead,
  roundsToDeliver,
  sendersOf,
  type Verifiers,
} from '../src/state/index.ts'
import { dealKeys } from '../src/store/deal-keys.ts'
import { openStore, type Store } from '../src/store/open-store.ts'
import { BEACON_KEY } from './signed-rounds.ts'
import type { TestChain } from './test-chain.ts'
import { publicKeysOf } from './voting-engine.ts'

export interface CometNode extends CometEngine {
  readonly store: Store
  readonly log: EngineEvent[]
}

export interface CometNodes {
  readonly genesis: Genesis
  readonly rich: KeySigner
  readonly nodes: readonly CometNode[]
  /** Of which heights CometBFT was asked for the header. */
  readonly headersAsked: readonly number[]
  /** Whether CometBFT takes what a node passes on. */
  reachable: boolean
  /** Passes on the machines, whose nodes have no block meanwhile. */
  standMs: number
  /** What the beacon proves of the time. */
  latestMs: number
  signed(tx: Omit<Transaction, 'sender'>): Uint8Array
  /** A node that was killed and starts again on its folder. */
  restart(index: number): CometNode
  /** What a proposer would propose now. */
  propose(index: number): Promise<RequestProcessProposal>
  /** Who votes for it. */
  votes(proposal: RequestProcessProposal): Promise<boolean[]>
  finalize(node: CometNode, proposal: RequestProcessProposal): Promise<Uint8Array>
  /** One block, by the next proposer. @returns the app hashes, one a node */
  produce(): Promise<Uint8Array[]>
  /** From which block on CometBFT has to keep them, as each node has said last. */
  readonly retained: readonly number[]
  close(): void
}

const BLOCK_MS = 400

/** Nodes whose chain goes on from a state that another engine has made, with the verifiers of that. */
export interface From {
  readonly chain: TestChain
  readonly verifiers: Verifiers
}

export interface NodesOptions {
  readonly keepBlocks?: number
  /** By a node, where it is not all that this program knows. */
  readonly rulesKnown?: readonly (number | undefined)[]
}

export function createCometNodes(
  folder: string,
  count: number,
  from?: From,
  { keepBlocks, rulesKnown = [] }: NodesOptions = {},
): CometNodes {
  const rich = accountSigner(new Uint8Array(randomBytes(32)))
  const beaconKey = from === undefined ? beaconKeyFrom(randomBytes(48)) : BEACON_KEY
  const validators = publicKeysOf(Array.from({ length: count }, () => new Uint8Array(randomBytes(32))))
  const [validator, ...otherValidators] = validators
  const base = {
    validator: validator!,
    otherValidators,
    beaconPublicKey: beaconPublicKey(beaconKey),
    faucet: rich.address,
  }
  const own = devnetGenesis({ ...base, timeMs: 1_790_000_000_000, blockTimeMs: BLOCK_MS })
  const genesis = from?.chain.genesis ?? own
  const chain = genesisHash(genesis)
  const network = { reachable: true, standMs: 0, latestMs: Number.POSITIVE_INFINITY }
  const nodes: CometNode[] = []
  const headersAsked: number[] = []
  const retained: number[] = []

  function start(index: number): CometNode {
    const store = openStore({ path: join(folder, `${index}.sqlite`), dealKeys })
    const machine = createStateMachine({
      reader: store.reader,
      rulesKnown: rulesKnown[index],
      ...(from && { verifiers: from.verifiers }),
    })
    if (store.head() === undefined && from !== undefined) restoreFrom(store, from.chain)
    else if (store.head() === undefined) commitGenesis({ store, machine, genesis, sign: unsignedHeader })
    const log: EngineEvent[] = []
    const made = createCometEngine({
      genesis,
      machine,
      store,
      pool: createStatePool({ machine, reader: store.reader }),
      senders: sendersOf(store.reader),
      verification: {
        digestOf: async (hash, _, tx) => transactionDigest(hash, tx),
        prepareSigners: async () => undefined,
        withProofs: async (check) => check(),
      },
      beacon: createLocalBeacon(beaconKey),
      roundsToDeliver: (next) => roundsToDeliver(store.reader, next, 8),
      clock: createLocalClock({ monotonicMs: () => 0, machineMs: () => genesis.timeMs }, genesis.timeMs),
      time: { monotonicMs: () => network.standMs },
      latestBlockTimeMs: () => network.latestMs,
      consensus: {
        async broadcast(tx) {
          if (!network.reachable) throw new Error('CometBFT is not there')
          for (const other of nodes) await other.application.checkTx({ tx, type: 0 })
        },
        async signedHeader(height) {
          headersAsked.push(height)
          return { bytes: Uint8Array.of(height), signature: Uint8Array.of(1) }
        },
      },
      version: '',
      keepBlocks,
      log: (event) => log.push(event),
    })
    return { ...made, store, log }
  }

  for (let index = 0; index < count; index++) nodes.push(start(index))

  function stop({ engine, store }: CometNode): void {
    void engine.stop()
    store.close()
  }

  const timeOf = (ms: number) => ({ seconds: BigInt(Math.floor(ms / 1_000)), nanos: (ms % 1_000) * 1_000_000 + 17 })
  const headOf = () => nodes[0]!.store.head()!

  async function propose(index: number): Promise<RequestProcessProposal> {
    const { height, timeMs } = headOf()
    const proposerAddress = sha256(fromHex(validators[index]!)).subarray(0, 20)
    const given = { height: BigInt(height + 1), time: timeOf(timeMs + genesis.blockTimeMs), proposerAddress }
    const request = RequestPrepareProposal.fromPartial({ ...given, maxTxBytes: 1n << 24n })
    const { txs } = await nodes[index]!.application.prepareProposal(request)
    // Over the socket each comes as an array of its own.
    const proposal = { ...given, txs: txs.map((tx) => tx.slice()) }
    return RequestProcessProposal.fromPartial({ ...proposal, hash: sha256(Buffer.concat([...txs, proposerAddress])) })
  }

  async function votes(proposal: RequestProcessProposal): Promise<boolean[]> {
    const answers = await Promise.all(nodes.map(({ application }) => application.processProposal(proposal)))
    return answers.map(({ status }) => status === ResponseProcessProposal_ProposalStatus.ACCEPT)
  }

  async function finalize({ application }: CometNode, proposal: RequestProcessProposal): Promise<Uint8Array> {
    const { txs, hash, height, time, proposerAddress, misbehavior, proposedLastCommit: decidedLastCommit } = proposal
    const given = { txs, hash, height, time, proposerAddress, misbehavior, decidedLastCommit }
    const request = RequestFinalizeBlock.fromPartial(given)
    return (await application.finalizeBlock(request)).appHash
  }

  return {
    genesis,
    rich,
    nodes,
    headersAsked,
    retained,
    get reachable() {
      return network.reachable
    },
    set reachable(is) {
      network.reachable = is
    },
    signed(tx) {
      const whole = { ...tx, sender: rich.address } as Transaction
      return encodeTransaction(whole, rich.sign({ digest: transactionDigest(chain, whole) }))
    },
    restart(index) {
      stop(nodes[index]!)
      nodes[index] = start(index)
      return nodes[index]!
    },
    get standMs() {
      return network.standMs
    },
    set standMs(ms) {
      network.standMs = ms
    },
    get latestMs() {
      return network.latestMs
    },
    set latestMs(ms) {
      network.latestMs = ms
    },
    propose,
    votes,
    finalize,
    async produce() {
      const proposal = await propose(headOf().height % count)
      const taken = await votes(proposal)
      if (3 * taken.filter(Boolean).length <= 2 * count) throw new Error('too few voted for an honest proposal')
      const hashes: Uint8Array[] = []
      for (const [index, node] of nodes.entries()) {
        hashes.push(await finalize(node, proposal))
        retained[index] = Number((await node.application.commit({})).retainHeight)
      }
      return hashes
    },
    close() {
      for (const node of nodes) stop(node)
    },
  }
}

/** As a snapshot is taken over: the whole state, and of the blocks the last one alone. */
function restoreFrom(store: Store, { state }: TestChain): void {
  const { height, timeMs } = readHead(state)
  const header = { height, timeMs, previousHash: ZERO_HASH, txsHash: hashTxs([]), appHash: ZERO_HASH }
  const { bytes, hash, signature } = unsignedHeader(header)
  const restoration = store.restoration()
  restoration.add(state.range(''))
  restoration.finish({ height, timeMs, hash, header: bytes, signature, appHash: appHashOfState(state) })
}
