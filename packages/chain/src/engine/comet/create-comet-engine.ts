/**
 * The state machine behind CometBFT, as its application of ABCI 2.0. CometBFT agrees on blocks and passes transactions on;
 * what may wait, what comes first and what a block does is decided here, by the same admission, pool and machine as under the
 * embedded engine. What CometBFT's own pool holds only tells other nodes of it: a proposal is filled from the node's pool,
 * and what leaves that leaves CometBFT's at its next recheck.
 *
 * Nothing is durable before Commit, which is one transaction of the store: a node that dies anywhere stands at a block, and
 * CometBFT gives it again what came after.
 */
import { equalBytes, fromHex, toHex } from '@granary/base'
import { cometChainId } from '@granary/protocol/comet'
import { hashTxs, type SignedBytes } from '@granary/protocol/header'
import { decodeTransaction, type Hash, hashOf, isBeaconEntry } from '@granary/protocol/messages'
import { genesisHash } from '@granary/protocol/records'
import {
  CheckTxType,
  ExecTxResult,
  type RequestFinalizeBlock,
  type RequestProcessProposal,
  ResponseCheckTx,
  ResponseCommit,
  ResponseExtendVote,
  ResponseFinalizeBlock,
  ResponseInfo,
  ResponseInitChain,
  ResponsePrepareProposal,
  ResponseProcessProposal,
  ResponseProcessProposal_ProposalStatus,
  ResponseQuery,
  ResponseVerifyVoteExtension,
  ResponseVerifyVoteExtension_VerifyStatus,
} from 'cosmjs-types/tendermint/abci/types'
import type { KeptSnapshots } from '../../snapshot/keep-snapshots.ts'
import {
  type Block,
  beaconRoundFor,
  type FinalizedBlock,
  keyOfValidator,
  seatsOf,
  UpgradeRequiredError,
} from '../../state/index.ts'
import { type BeaconSource, knownEntries } from '../beacon-source.ts'
import type { Clock, Time } from '../clock/clock.ts'
import { silent } from '../clock/create-block-times.ts'
import { createEngineCore, type EngineCoreParts } from '../create-engine-core.ts'
import type { Engine } from '../engine.ts'
import { signedDigests } from '../verification/signed-digests.ts'
import type { AbciApplication } from './abci/application.ts'
import { msOf } from './block-time.ts'
import { blocksKept } from './comet-home.ts'
import { isSameReport, reportOf, seatsAtBegin, updateOf } from './engine-report.ts'
import { ConsensusStalledError, NodeSyncingError } from './errors.ts'
import { createKnownTxs } from './known-txs.ts'
import { rememberHeaders } from './remember-headers.ts'
import { createStateSync } from './state-sync.ts'
import { isUnsigned, NOBODY, unsignedHeader } from './unsigned-header.ts'

/** CometBFT, as the application speaks to it. */
export interface Consensus {
  /** Into the pool that passes transactions on to other nodes. @throws GranaryError CONSENSUS_UNREACHABLE */
  broadcast(bytes: Uint8Array): Promise<void>
  /** A header with the votes for it; undefined where it has none of that height. @throws GranaryError CONSENSUS_UNREACHABLE */
  signedHeader(height: number): Promise<SignedBytes | undefined>
}

export interface CometEngineParts extends EngineCoreParts {
  readonly consensus: Consensus
  readonly beacon: BeaconSource
  /** The rounds that a block could bring, those first that matter most; `next` is that of its own epoch. */
  readonly roundsToDeliver: (next: number) => readonly number[]
  readonly clock: Clock
  readonly time: Pick<Time, 'monotonicMs'>
  /** The latest that the rules allow, with the newest round that is known. */
  readonly latestBlockTimeMs: (newestRound: number | undefined) => number
  readonly version: string
  /** The states that it gives to those who join. @default none */
  readonly snapshots?: Pick<KeptSnapshots, 'list' | 'frame' | 'committed'> | undefined
  /** A node without blocks takes the state of others over, and answers for nothing until it has it. @default false */
  readonly joins?: boolean | undefined
  /** Blocks that CometBFT keeps. @default as many as a double vote counts for */
  readonly keepBlocks?: number | undefined
}

export interface CometEngine {
  readonly engine: Engine
  readonly application: AbciApplication
  /** CometBFT has started anew, with an empty pool: what waits here is passed on again after the next block. */
  passOnAgain(): void
  /** The application must not go on. */
  halt(error: unknown): void
}

/** Part of each header of CometBFT: which rules its application has. */
const APP_VERSION = 1n
/** So many blocks' time without a block is a standstill, and at least STALL_MS_MIN. */
const STALL_BLOCKS = 10
const STALL_MS_MIN = 10_000
/** The last ones: what is forgotten is executed again when it is decided. */
const PROPOSALS_KEPT = 4
const TAKEN = 0
const REFUSED = 1

interface Executed {
  readonly block: Block
  readonly hash: Uint8Array
  readonly proposer: Uint8Array
  readonly finalized: FinalizedBlock
  readonly startedAt: number
}

export function createCometEngine(parts: CometEngineParts): CometEngine {
  const { genesis, machine, store, pool, beacon, clock, time, consensus, verification } = parts
  const chain = genesisHash(genesis)
  const core = createEngineCore(parts)
  const known = createKnownTxs()
  /** Admitted here, and not passed on yet. */
  const unsent = new Map<Hash, Uint8Array>()
  const signedHeader = rememberHeaders(consensus.signedHeader)
  /** Proposals of the next height that were executed, by their hash: they change nothing until one of them is committed. */
  let executed = new Map<Hash, Executed>()
  let decided: Executed | undefined
  let blockAtMs = time.monotonicMs()
  let clearing: NodeJS.Immediate | undefined
  let ending: NodeJS.Immediate | undefined
  let passing = false
  let hasBlocks = false
  let syncing = parts.joins === true && core.head().height === 0
  const keepBlocks = parts.keepBlocks ?? blocksKept(genesis)

  async function admit(bytes: Uint8Array): Promise<Hash> {
    if (syncing) throw new NodeSyncingError()
    const id = await core.engine.submit(bytes)
    if (pool.get(id) !== undefined) known.add(id, bytes)
    return id
  }

  async function passOn(id: Hash, bytes: Uint8Array): Promise<boolean> {
    try {
      await consensus.broadcast(bytes)
      unsent.delete(id)
      return true
    } catch {
      // It waits here, where the next proposal of this node finds it; others hear of it after the next block.
      unsent.set(id, bytes)
      return false
    }
  }

  /** Its verdicts are ready before it is executed, so that the thread of consensus does not wait for signatures. */
  async function verifyAhead(txs: readonly Uint8Array[]): Promise<void> {
    const signed = await Promise.all(
      txs
        .filter((bytes) => !isBeaconEntry(bytes) && known.idOf(bytes) === undefined)
        .map(async (bytes) => {
          const { tx, signature } = decodeTransaction(bytes)
          const digest = await verification.digestOf(chain, bytes, tx)
          return signedDigests(chain, tx, { digest, signature })
        }),
    )
    await verification.prepareSigners(signed.flat())
  }

  /** A proposal that was executed is not executed again when it is decided: it and no other, whatever its hash says. */
  function executedBefore(request: RequestProcessProposal | RequestFinalizeBlock): Executed | undefined {
    const found = executed.get(hashOf(request.hash))
    return found !== undefined && isSameBlock(found, request) ? found : undefined
  }

  async function execute(request: RequestProcessProposal | RequestFinalizeBlock): Promise<Executed> {
    const startedAt = performance.now()
    const txs = request.txs.map(known.sameBytes)
    // What cannot be verified ahead is verified where it is asked for, or refused there.
    await verifyAhead(txs).catch(() => undefined)
    const report = reportOf(request)
    const block = { height: Number(request.height), timeMs: msOf(request.time), txs, report }
    const finalized = await verification.withProofs(() => machine.finalizeBlock(block))
    return { block, hash: request.hash, proposer: request.proposerAddress, finalized, startedAt }
  }

  function commit({ block, hash, proposer, finalized, startedAt }: Executed): void {
    const { hash: previousHash, appHash } = core.head()
    const validator = keyOfValidator(store.reader, toHex(proposer)) ?? NOBODY
    const { height, timeMs, txs } = block
    const header = { height, timeMs, previousHash, txsHash: hashTxs(txs), appHash, validator }
    core.commit({ block, header: unsignedHeader(header, hashOf(hash)), finalized }, startedAt)
    beacon.want(beaconRoundFor(genesis, timeMs))
    blockAtMs = time.monotonicMs()
    known.keep((id) => pool.get(id) !== undefined)
    void passOnUnsent()
  }

  /** One after the other: after a start of CometBFT that is all that waits here. */
  async function passOnUnsent(): Promise<void> {
    if (passing) return
    passing = true
    for (const [id, bytes] of [...unsent]) {
      if (pool.get(id) === undefined) unsent.delete(id)
      else if (!(await passOn(id, bytes))) break
    }
    passing = false
  }

  /** Of blocks that one validator has signed alone CometBFT has nothing: it begins behind them, as behind a genesis. */
  function isBegin(): boolean {
    return core.head().signature.length > 0
  }

  const application: AbciApplication = {
    info: () => {
      const { height, appHash } = core.head()
      return ResponseInfo.fromPartial({
        data: 'granary',
        version: parts.version,
        appVersion: APP_VERSION,
        lastBlockHeight: isBegin() ? 0n : BigInt(height),
        lastBlockAppHash: isBegin() ? new Uint8Array(0) : fromHex(appHash),
      })
    },

    initChain: ({ chainId, appStateBytes }) => {
      // The state after the genesis follows from the file that every home has: it was stored before CometBFT was started.
      const given: unknown = JSON.parse(Buffer.from(appStateBytes).toString('utf8'))
      if (chainId !== cometChainId(chain) || given !== chain)
        throw new TypeError(`CometBFT's genesis is of the chain ${chainId} ${String(given)}, this home of ${chain}`)
      return ResponseInitChain.fromPartial({ appHash: fromHex(core.head().appHash) })
    },

    checkTx: async ({ tx, type }) => {
      const waiting = known.idOf(tx)
      // What was sent to this node comes back to it from its own CometBFT.
      if (waiting !== undefined && pool.get(waiting) !== undefined) return ResponseCheckTx.fromPartial({ code: TAKEN })
      if (type === CheckTxType.RECHECK) return ResponseCheckTx.fromPartial({ code: REFUSED })
      try {
        // The bytes lie in the frame that they came in, which would stay as long as they wait.
        const id = await admit(known.sameBytes(tx.slice()))
        return ResponseCheckTx.fromPartial({ code: pool.get(id) === undefined ? REFUSED : TAKEN })
      } catch (error) {
        return ResponseCheckTx.fromPartial({ code: REFUSED, codespace: 'granary', log: wordsOf(error) })
      }
    },

    prepareProposal: ({ height, time }) => {
      const turn = pool.turn(core.tell)
      const head = core.head()
      const txs = machine.prepareBlock({
        height: Number(height),
        timeMs: msOf(time),
        candidates: turn.candidates,
        onOutcome: turn.onOutcome,
        beacon: knownEntries(beacon, parts.roundsToDeliver(beaconRoundFor(genesis, head.timeMs))),
        newest: beacon.newest(),
      })
      return ResponsePrepareProposal.fromPartial({ txs })
    },

    processProposal: async (request) => {
      const { ACCEPT, REJECT } = ResponseProcessProposal_ProposalStatus
      try {
        if (executedBefore(request) === undefined) {
          // A height that is not decided has a proposal a round, for as long as it takes.
          if (executed.size >= PROPOSALS_KEPT) executed.delete(executed.keys().next().value!)
          executed.set(hashOf(request.hash), await execute(request))
        }
        return ResponseProcessProposal.fromPartial({ status: ACCEPT })
      } catch (error) {
        // No word about the proposal: this program cannot judge it, and ends.
        if (error instanceof UpgradeRequiredError) throw error
        parts.log({ type: 'proposal:refused', height: Number(request.height), message: wordsOf(error) })
        return ResponseProcessProposal.fromPartial({ status: REJECT })
      }
    },

    finalizeBlock: async (request) => {
      hasBlocks = true
      decided = executedBefore(request) ?? (await execute(request))
      const { results, appHash, seats } = decided.finalized
      return ResponseFinalizeBlock.fromPartial({
        txResults: results.map(({ code }) => ExecTxResult.fromPartial({ code: code === 'OK' ? TAKEN : REFUSED })),
        appHash: fromHex(appHash),
        validatorUpdates: (isBegin() ? seatsAtBegin(genesis, seatsOf(store.reader), seats) : seats).map(updateOf),
      })
    },

    commit: () => {
      if (decided === undefined) throw new Error('CometBFT commits a block that it has not had executed')
      const { height } = decided.block
      commit(decided)
      decided = undefined
      executed = new Map()
      parts.snapshots?.committed(height)
      // Who waits for the block has its answer first.
      clearing ??= setImmediate(() => {
        clearing = undefined
        store.clearLog()
      })
      // Others that lack the rules end too, and then nobody may ask for the block: it ends unasked, once CometBFT has its answer.
      const required = machine.upgradeRequired()
      const next = core.head().height + 1
      if (required !== undefined) ending = setImmediate(() => core.halt(next, required))
      return ResponseCommit.fromPartial({ retainHeight: BigInt(Math.max(0, height - keepBlocks + 1)) })
    },

    query: () =>
      ResponseQuery.fromPartial({
        code: REFUSED,
        codespace: 'granary',
        log: 'the RPC of the node proves its state',
      }),
    extendVote: () => ResponseExtendVote.fromPartial({}),
    verifyVoteExtension: () =>
      ResponseVerifyVoteExtension.fromPartial({ status: ResponseVerifyVoteExtension_VerifyStatus.ACCEPT }),
    ...createStateSync({
      genesisHash: chain,
      store,
      snapshots: parts.snapshots,
      hasBlocks: () => hasBlocks,
      onRestored(height) {
        syncing = false
        blockAtMs = time.monotonicMs()
        parts.log({ type: 'state-sync:done', height })
      },
      onRefused: (height, message) => parts.log({ type: 'state-sync:refused', height, message }),
    }),
  }

  return {
    application,
    passOnAgain() {
      for (const { id, bytes } of known.all()) unsent.set(id, bytes)
    },
    halt: (error) => core.halt(core.head().height + 1, error),
    engine: {
      ...core.engine,
      get failure() {
        return core.engine.failure
      },
      get stalled() {
        if (syncing) return new NodeSyncingError()
        const standsMs = time.monotonicMs() - blockAtMs
        if (standsMs <= Math.max(STALL_MS_MIN, STALL_BLOCKS * genesis.blockTimeMs)) return undefined
        // The time of the next block is beyond what the beacon proves: nobody may vote for it.
        if ((clock.nowMs() ?? 0) > parts.latestBlockTimeMs(beacon.newest()?.round)) return silent(clock.status)
        return new ConsensusStalledError(core.head().height, standsMs)
      },
      get clock() {
        return clock.status
      },
      async signedHeader(height) {
        const block = store.block(height)
        return block !== undefined && isUnsigned(block) ? signedHeader(height) : core.engine.signedHeader(height)
      },
      start: () => undefined,
      async submit(bytes) {
        const id = await admit(bytes)
        if (pool.get(id) !== undefined) await passOn(id, bytes)
        return id
      },
      async stop() {
        core.stop()
        clearImmediate(clearing)
        clearImmediate(ending)
        core.end()
      },
    },
  }
}

function isSameBlock({ block, proposer }: Executed, request: RequestProcessProposal | RequestFinalizeBlock): boolean {
  return (
    block.height === Number(request.height) &&
    block.timeMs === msOf(request.time) &&
    equalBytes(proposer, request.proposerAddress) &&
    isSameReport(block.report!, reportOf(request)) &&
    block.txs.length === request.txs.length &&
    block.txs.every((bytes, index) => equalBytes(bytes, request.txs[index]!))
  )
}

function wordsOf(error: unknown): string {
  if (!Error.isError(error)) return String(error)
  return 'code' in error ? `${String(error.code)}: ${error.message}` : error.message
}
