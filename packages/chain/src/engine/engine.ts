/**
 * What the rest of a node sees of consensus. The embedded engine fills it in process; another one (CometBFT over ABCI)
 * drives the same state machine behind the same interface.
 */
import type { GranaryError } from '@granary/base'
import type { SignedBytes } from '@granary/protocol/header'
import type { Address, Hash, TransactionName } from '@granary/protocol/messages'
import type { ClockEvent, ClockStatus } from './clock/clock.ts'

export interface Engine {
  /** Resolves, once, if the engine had to stop because of something that must never happen. */
  readonly halted: Promise<GranaryError>
  /** Set as soon as the engine has halted. */
  readonly failure: GranaryError | undefined
  /** Why there are no blocks at present, though nothing has failed. */
  readonly stalled: GranaryError | undefined
  readonly clock: ClockStatus
  /** What CometBFT says of itself; an engine without it has none. Never throws. */
  figures?(): Promise<CometFigures>
  start(): void
  /**
   * Takes a transaction into the mempool; the same bytes again are the same transaction. Those of one lane are taken in
   * the order in which they came.
   * @throws TxRefusedError, MempoolFullError and the other errors of the pool, VerificationQueueFullError, ChainHaltedError, NodeStoppingError,
   * TransactionDecodeError
   */
  submit(bytes: Uint8Array): Promise<Hash>
  /** Resolves when the transaction stands in a committed block, at once if it does already. */
  waitFor(id: Hash, options?: { signal?: AbortSignal }): Promise<void>
  /** A transaction that waits for a block. */
  waiting(id: Hash): WaitingTx | undefined
  /** What the next transaction in a lane is signed with: behind those in blocks and those that wait. */
  nextSequence(sender: Address, lane: number): number
  /** Lanes of an account in which something waits. */
  lanesOf(sender: Address): readonly number[]
  /**
   * The header of a block, with what shows that validators stand behind it; undefined where there is no such block.
   * @throws GranaryError CONSENSUS_UNREACHABLE
   */
  signedHeader(height: number): Promise<SignedBytes | undefined>
  /** Calls back after each committed block; returns how to end that. */
  onBlock(listener: (height: number) => void): () => void
  stop(): Promise<void>
}

export interface WaitingTx {
  readonly kind: TransactionName
}

/** What CometBFT says of itself; undefined: it does not. */
export interface CometFigures {
  readonly isUp: boolean
  readonly height?: number | undefined
  readonly isCatchingUp?: boolean | undefined
  readonly peers?: number | undefined
  /** Of the height that is being agreed on: 0 while all goes well. */
  readonly round?: number | undefined
  readonly mempoolTxs?: number | undefined
  readonly mempoolBytes?: number | undefined
  /** Validators whose vote the last block lacks. */
  readonly validatorsMissing?: number | undefined
  readonly validators?: number | undefined
}

/** What the engine tells the log. */
export type EngineEvent =
  | ClockEvent
  | CometEvent
  | { readonly type: 'stalled'; readonly code: string; readonly message: string; readonly hint: string }
  /** Blocks come again; of an engine on CometBFT. */
  | { readonly type: 'stalled:over'; readonly height: number; readonly forMs: number }
  | { readonly type: 'block'; readonly height: number; readonly txs: number; readonly ms: number }
  | { readonly type: 'tx:dropped'; readonly id: Hash; readonly code: string }
  /** A block that another validator proposed, and that this one did not vote for. */
  | { readonly type: 'proposal:refused'; readonly height: number; readonly message: string }
  /** The block needs rules that this program does not know. */
  | { readonly type: 'upgrade:required'; readonly height: number; readonly message: string; readonly hint: string }
  /** The validators have voted for rules that begin at that block; `known`: this program has them. */
  | {
      readonly type: 'upgrade:planned'
      readonly height: number
      readonly rules: number
      readonly release: string
      readonly known: boolean
    }
  | { readonly type: 'halted'; readonly height: number; readonly message: string; readonly stack: string | undefined }

/** What a node on CometBFT tells of it. */
export type CometEvent =
  | { readonly type: 'comet:started'; readonly pid: number }
  | { readonly type: 'comet:ended'; readonly message: string; readonly restartMs: number }
  /** A line of its log at a level of warnings and errors. */
  | { readonly type: 'comet:says'; readonly message: string; readonly module: string | undefined }
  /** A connection that spoke no ABCI was closed. */
  | { readonly type: 'comet:garbled'; readonly message: string }
  /** The state of another node has been taken over. */
  | { readonly type: 'state-sync:done'; readonly height: number }
  | { readonly type: 'state-sync:refused'; readonly height: number; readonly message: string }
