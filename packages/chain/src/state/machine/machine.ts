/**
 * The state machine as an engine drives it: synchronous, without I/O, the same blocks giving the same app hash anywhere.
 * It keeps nothing but verdicts of verifications: the engine stores what finalizeBlock gives, and the reader shows it then.
 */
import { GranaryError } from '@granary/base'
import type { ChainEvent } from '@granary/protocol/events'
import {
  type Address,
  type BeaconEntry,
  decodeBeaconEntry,
  encodeBeaconEntry,
  type Hash,
  isBeaconEntry,
  type Transaction,
  type TransactionClass,
} from '@granary/protocol/messages'
import { type Genesis, genesisHash, type Seat } from '@granary/protocol/records'
import { RULES_KNOWN, type UpgradeRequiredError, upgradeRequired } from '../governance/rules-version.ts'
import { BEACON_ENTRIES_MAX, beaconEntry, isRoundWanted, misplacedEntry } from '../messages/beacon-entry.ts'
import { currentFees, moveFeeLevel } from '../money/base-fee.ts'
import { assertConserved, credit } from '../money/ledger.ts'
import { initRewards } from '../money/rewards.ts'
import { checkTime, isClockRound } from '../proving/proven-time.ts'
import { initSlots } from '../proving/slots.ts'
import { writeAppHash } from '../store/app-hash.ts'
import type { BlockContext } from '../store/context.ts'
import { BlockInvalidError, InadmissibleError, type InadmissibleErrorCode } from '../store/errors.ts'
import { type HeadView, readGenesis, readHead, rememberingParams, writeGenesis } from '../store/head.ts'
import { rememberCommitted } from '../store/remember-committed.ts'
import { createOverlay, type EntryReader, type Overlay, type StateReader } from '../store/store.ts'
import { tables } from '../store/tables.ts'
import type { EngineReport } from '../validators/engine-report.ts'
import { genesisBonds, initValidators } from '../validators/genesis-validators.ts'
import { type Admitted, admit, admitSender, checkEnvelope } from './admit.ts'
import { beginBlock, endBlock } from './block-bounds.ts'
import { createBlockRoom, type Load } from './block-room.ts'
import { createChecks, type Verifiers } from './checks.ts'
import { type Claim, claimOf } from './claim.ts'
import { executeTx, type TxResult } from './execute-tx.ts'
import { assertGenesis } from './genesis.ts'

export interface Block {
  readonly height: number
  readonly timeMs: number
  readonly txs: readonly Uint8Array[]
  /** What the engine says of its validators; absent where it has one that signs alone. */
  readonly report?: EngineReport | undefined
}

export interface FinalizedBlock {
  readonly results: readonly TxResult[]
  /** Of the block itself: challenges, misses, expiries. */
  readonly events: readonly ChainEvent[]
  readonly appHash: Hash
  /** To be stored together with the block, in one step; null deletes. */
  readonly writes: ReadonlyMap<string, Uint8Array | null>
  /** Changes of the set that the engine runs with; power 0 leaves it. */
  readonly seats: readonly Seat[]
}

export interface Proposal {
  readonly height: number
  readonly timeMs: number
  /** In the order in which they are tried; a next one is asked for when the one before has its outcome. */
  readonly candidates: Iterable<Uint8Array>
  /** What became of the candidate that was tried last. */
  readonly onOutcome?: (outcome: CandidateOutcome) => void
  /** Rounds that the block may bring, those first that matter most. */
  readonly beacon: readonly BeaconEntry[]
  /** The newest round there is, which is brought if the time of the block needs it. */
  readonly newest?: BeaconEntry | undefined
  readonly observer?: ExecutionObserver
}

/** What became of a candidate of a block: `refused` never becomes right by waiting for room. */
export type CandidateOutcome =
  | { readonly type: 'taken' }
  | { readonly type: 'no-room' }
  | { readonly type: 'refused'; readonly reason: RefusedTx }

/** Called after each transaction, so that who has a clock may measure. */
export interface ExecutionObserver {
  /** @param index: of the transaction, or of the candidate; −1 for what precedes the first */
  executed(index: number): void
}

export interface AcceptedTx {
  readonly code: 'OK'
  readonly id: Hash
  readonly sender: Address
  readonly lane: number
  readonly sequence: number
  readonly class: TransactionClass
  readonly bytes: number
  readonly units: number
  /** What it claims as long as it waits. */
  readonly claim: Claim
}

export interface RefusedTx {
  readonly code: InadmissibleErrorCode
  readonly message: string
  readonly hint: string
  readonly retryable: boolean
}

export interface EnvelopeVerdict {
  readonly tx: Transaction
  readonly signature: Uint8Array
  /** A block holds one of this lane with its sequence, which may be this one. */
  readonly isUsed: boolean
  /** Why no block could take it now. */
  readonly refused?: RefusedTx
}

export type TxVerdict = AcceptedTx | RefusedTx
export type BlockVerdict = { readonly accept: true } | { readonly accept: false; readonly reason: string }

export interface StateMachine {
  /** Height 0. @throws GenesisInvalidError */
  initChain(genesis: Genesis): FinalizedBlock
  /** Why this program cannot make the block after the head: asked for it, it throws that. */
  upgradeRequired(): UpgradeRequiredError | undefined
  /** What a few reads of the committed state tell, before anything is hashed. @throws TransactionDecodeError */
  checkEnvelope(bytes: Uint8Array): EnvelopeVerdict
  /** As checkTx, at the price of one signature: looks at the sender and what it has, at no proof, and executes nothing. */
  checkSender(bytes: Uint8Array, pendingInLane: number): TxVerdict
  /**
   * Against the committed state: what a block could take, and, if nothing of the lane waits, whether its message would
   * fail.
   * @param options.executes @default true; false: what a block could take, and no more
   */
  checkTx(bytes: Uint8Array, pendingInLane: number, options?: { readonly executes?: boolean }): TxVerdict
  /**
   * Leaves out what may not be in the block, keeps the order of the rest; the beacon's entries come first if they are
   * wanted.
   */
  prepareBlock(proposal: Proposal): Uint8Array[]
  processBlock(block: Block): BlockVerdict
  /** Pure: writes nothing. @throws BlockInvalidError, InvariantError, after which the node must stop */
  finalizeBlock(block: Block, observer?: ExecutionObserver): FinalizedBlock
}

const FIRST_PROVIDER = 1_000
const FIRST_DEAL = 1

interface OpenBlock {
  readonly context: BlockContext
  readonly overlay: Overlay
  readonly head: HeadView
  readonly events: ChainEvent[]
}

export interface StateMachineParts {
  readonly reader: StateReader
  /** @default the reference, on this thread */
  readonly verifiers?: Verifiers
  /** The newest rules that it goes by. @default those of this program */
  readonly rulesKnown?: number | undefined
}

export function createStateMachine({ reader, verifiers, rulesKnown = RULES_KNOWN }: StateMachineParts): StateMachine {
  const checks = createChecks(verifiers)
  const committed = rememberCommitted(reader)
  // The genesis never changes, and to hash it for each transaction would take longer than the transaction.
  let known: { readonly genesis: Genesis; readonly hash: Hash } | undefined
  const readParams = rememberingParams()

  function chain(): { readonly genesis: Genesis; readonly hash: Hash } {
    if (known === undefined) {
      const genesis = readGenesis(reader)
      known = { genesis, hash: genesisHash(genesis) }
    }
    return known
  }

  /** The block after the head, at the earliest time that it may have. */
  function openNext(): OpenBlock {
    const state = committed()
    const head = readHead(state)
    return open(state, head, { height: head.height + 1, timeMs: head.timeMs + chain().genesis.blockTimeMs })
  }

  function open(state: EntryReader, head: HeadView, { height, timeMs }: Pick<Block, 'height' | 'timeMs'>): OpenBlock {
    const overlay = createOverlay(state)
    const events: ChainEvent[] = []
    const { genesis, hash } = chain()
    const params = readParams(state)
    const context: BlockContext = {
      store: overlay,
      genesis,
      genesisHash: hash,
      params,
      fees: currentFees(state, params),
      checks,
      height,
      timeMs,
      emit: (event) => void events.push(event),
    }
    return { context, overlay, head, events }
  }

  function openBlock({ height, timeMs }: Pick<Block, 'height' | 'timeMs'>): OpenBlock {
    const state = committed()
    const head = readHead(state)
    const required = upgradeRequired(state, head.height + 1, rulesKnown)
    if (required !== undefined) throw required
    const block = open(state, head, { height, timeMs })
    if (height !== head.height + 1) throw new BlockInvalidError(`block ${height} does not follow block ${head.height}`)
    if (!Number.isSafeInteger(timeMs) || timeMs <= head.timeMs) {
      throw new BlockInvalidError(`block ${height} is not later than the block before it`)
    }
    beginBlock(block.context, head)
    return block
  }

  function execute(block: Block, observer?: ExecutionObserver): FinalizedBlock {
    const { context, overlay, events } = openBlock(block)
    const room = createBlockRoom(context.params)
    const entries = block.txs.findIndex((bytes) => !isBeaconEntry(bytes))
    const last = (entries === -1 ? block.txs.length : entries) - 1
    observer?.executed(-1)
    const results = block.txs.map((bytes, index) => {
      if (isBeaconEntry(bytes) && index > Math.min(last, BEACON_ENTRIES_MAX)) throw misplacedEntry(index)
      const result = isBeaconEntry(bytes) ? executeBeacon(context, bytes, index, last) : executeInBlock(bytes, index)
      observer?.executed(index)
      return result
    })
    checkTime(context)
    moveFeeLevel(context, room.general)
    const seats = endBlock(context, block.report)
    return { ...finish(overlay, results, events), seats }

    function executeInBlock(bytes: Uint8Array, index: number): TxResult {
      const admitted = admitInBlock(context, bytes, index)
      if (!room.take(loadOf(admitted)))
        throw new BlockInvalidError(`transaction ${index} goes beyond the bounds of a block`)
      return executeTx(context, admitted)
    }
  }

  return {
    initChain: (genesis) => {
      assertGenesis(genesis)
      known = { genesis, hash: genesisHash(genesis) }
      const overlay = createOverlay(reader)
      writeGenesis(overlay, genesis)
      const supply = genesis.accounts.reduce((sum, { balance }) => sum + balance, genesisBonds(genesis))
      tables.head.put(overlay, { height: 0, timeMs: genesis.timeMs })
      tables.nextIds.put(overlay, { provider: FIRST_PROVIDER, deal: FIRST_DEAL })
      tables.draws.put(overlay, { through: 0, frozenAt: 0, swaps: 0 })
      tables.epochs.put(overlay, 0, { round: 0, timeMs: genesis.timeMs, provenMs: genesis.timeMs, rewardIndex: 0n })
      tables.totals.put(overlay, {
        genesis: supply,
        minted: 0n,
        burnt: 0n,
        balances: 0n,
        escrow: 0n,
        collateralFree: 0n,
        collateralLocked: 0n,
        vesting: 0n,
        bonds: 0n,
      })
      initRewards(overlay)
      for (const { address, balance } of genesis.accounts) credit(overlay, address, balance)
      initValidators(overlay, genesis)
      initSlots(overlay, genesis.params)
      assertConserved(overlay)
      return { ...finish(overlay, [], []), seats: [] }
    },

    upgradeRequired: () => upgradeRequired(reader, readHead(reader).height + 1, rulesKnown),

    checkEnvelope: (bytes) => {
      const { tx, signature } = checks.decoded(bytes)
      const { context } = openNext()
      const isUsed = tx.sequence < (tables.lanes.get(context.store, tx.sender, tx.lane)?.next ?? 0)
      try {
        checkEnvelope(context, bytes)
        return { tx, signature, isUsed }
      } catch (error) {
        if (!(error instanceof InadmissibleError)) throw error
        return { tx, signature, isUsed, refused: refusedTx(error) }
      }
    },

    checkSender: (bytes, pendingInLane) => {
      const { context } = openNext()
      try {
        return acceptedTx(context, admitSender(context, bytes, pendingInLane))
      } catch (error) {
        if (!(error instanceof InadmissibleError)) throw error
        return refusedTx(error)
      }
    },

    checkTx: (bytes, pendingInLane, { executes = true } = {}) => {
      const { context } = openNext()
      try {
        const admitted = admit(context, bytes, pendingInLane)
        const accepted = acceptedTx(context, admitted)
        // Behind others of its lane, the state that the message will meet is not known yet.
        const result = executes && pendingInLane === 0 ? executeTx(context, admitted) : undefined
        if (result !== undefined && result.code !== 'OK') {
          const { code, message = '', hint = '', retryable = false } = result
          return { code, message, hint, retryable }
        }
        return accepted
      } catch (error) {
        if (!(error instanceof InadmissibleError)) throw error
        return refusedTx(error)
      }
    },

    prepareBlock: ({ height, timeMs, candidates, beacon, newest, observer, onOutcome }) => {
      const { context } = openBlock({ height, timeMs })
      const txs: Uint8Array[] = []
      for (const entry of beacon) {
        if (txs.length === BEACON_ENTRIES_MAX) break
        if (!isRoundWanted(context, entry.round)) continue
        beaconEntry(context, entry, txs.length)
        txs.push(encodeBeaconEntry(entry))
      }
      if (newest !== undefined && isClockRound(context, newest.round)) {
        beaconEntry(context, newest, txs.length)
        txs.push(encodeBeaconEntry(newest))
      }
      const room = createBlockRoom(context.params)
      observer?.executed(-1)
      let index = 0
      for (const bytes of candidates) {
        const outcome = tryExecute(context, bytes, (admitted) => room.take(loadOf(admitted)))
        if (outcome.type === 'taken') txs.push(bytes)
        observer?.executed(index)
        onOutcome?.(outcome)
        index += 1
      }
      return txs
    },

    processBlock: (block) => {
      try {
        execute(block)
        return { accept: true }
      } catch (error) {
        return { accept: false, reason: Error.isError(error) ? error.message : String(error) }
      }
    },

    finalizeBlock: (block, observer) => execute(block, observer),
  }
}

function finish(
  overlay: Overlay,
  results: readonly TxResult[],
  events: readonly ChainEvent[],
): Omit<FinalizedBlock, 'seats'> {
  const appHash = writeAppHash(overlay)
  return { results, events, appHash, writes: overlay.writes() }
}

function loadOf({ tx, bytes, units }: Admitted): Load {
  return { kind: tx.kind, bytes, units }
}

function refusedTx({ code, message, hint, retryable }: InadmissibleError): RefusedTx {
  return { code, message, hint, retryable }
}

/** Executes a candidate in an overlay of its own, so that one which is not taken changes nothing. */
function tryExecute(context: BlockContext, bytes: Uint8Array, fits: (admitted: Admitted) => boolean): CandidateOutcome {
  const overlay = createOverlay(context.store)
  try {
    const inner = { ...context, store: overlay }
    const admitted = admit(inner, bytes)
    if (!fits(admitted)) return { type: 'no-room' }
    executeTx(inner, admitted)
  } catch (error) {
    if (error instanceof InadmissibleError) return { type: 'refused', reason: refusedTx(error) }
    // Any other error keeps it out too: a proposal with a transaction that cannot be executed would be refused as a whole.
    return { type: 'refused', reason: notExecutable(error) }
  }
  overlay.commitTo(context.store)
  return { type: 'taken' }
}

function notExecutable(error: unknown): RefusedTx {
  return {
    code: 'TX_NOT_EXECUTABLE',
    message: `the node cannot execute it: ${Error.isError(error) ? error.message : String(error)}`,
    hint: 'this is a fault of the program: report it with the transaction',
    retryable: false,
  }
}

function admitInBlock(context: BlockContext, bytes: Uint8Array, index: number): Admitted {
  try {
    return admit(context, bytes)
  } catch (error) {
    if (!(error instanceof InadmissibleError)) throw error
    throw new BlockInvalidError(`transaction ${index} may not be in this block: ${error.code}: ${error.message}`, error)
  }
}

function executeBeacon(context: BlockContext, bytes: Uint8Array, index: number, last: number): TxResult {
  try {
    const brought = beaconEntry(context, decodeBeaconEntry(bytes), index)
    if (brought === 'time' && index !== last) throw misplacedEntry(index)
  } catch (error) {
    if (!GranaryError.is(error) || error instanceof BlockInvalidError) throw error
    throw new BlockInvalidError(error.message, error)
  }
  return { id: null, kind: 'BeaconEntry', code: 'OK', fee: 0n, events: [] }
}

function acceptedTx(context: BlockContext, admitted: Admitted): AcceptedTx {
  const { id, tx, class: txClass, bytes, units } = admitted
  const { sender, lane, sequence } = tx
  return { code: 'OK', id, sender, lane, sequence, class: txClass, bytes, units, claim: claimOf(context, admitted) }
}
