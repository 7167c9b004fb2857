/**
 * What the daemon says to the chain, but no proofs, goes through here: at most once on the chain, never lost
 * (docs/adr/0053-one-outbox.md). What is signed is written down before it leaves, under what it is about; a later send about the
 * same, after a lost answer, an outage or a kill, first learns what became of it and sends the same bytes as long as they may be
 * in a block. What waits because fees have risen is replaced, at its sequence, by the same message for more. It is done when a
 * block has it.
 *
 * Proofs write nothing before their answer is on its way, and go past this: the chain takes one answer a challenge.
 */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { GranaryError, passingFactsOf, sleep } from '@granary/base'
import {
  ChainBehindError,
  type ChainClient,
  ChainTxError,
  committed,
  isFeeError,
  isSequenceError,
  SIGNATURES_MAX,
  type SignedMessage,
  settle,
  signMessage,
  type TxView,
} from '@granary/protocol/client'
import type { Address, Hash, MessageBodies, Signer, TransactionName } from '@granary/protocol/messages'
import { MessageUndecidedError, replaceMessage, resumeMessage } from '@granary/protocol/resend'

export type OutboxEvent =
  | { type: 'outbox:resumed'; kind: TransactionName; subject: string; tx: Hash }
  | { type: 'outbox:replaced'; kind: TransactionName; subject: string; tx: Hash; before: Hash }

export interface OutboxOptions {
  readonly db: DatabaseSync
  readonly chain: ChainClient
  readonly log: (event: OutboxEvent) => void
  /** After which it is looked at whether the fee still pays. @default ten blocks */
  readonly stuckMs?: number
}

export interface OutgoingMessage<N extends TransactionName> {
  readonly signer: Signer
  readonly lane: number
  readonly kind: N
  readonly body: MessageBodies[N]
  /** What it is about, where that is less than all that it says: two messages about the same are one. */
  readonly subject: string
  /**
   * The height at which the chain said that what it is for is not done. A block up to there is no answer to it; and an earlier one
   * of which nobody can tell any more, and that no later block can have, is no reason to wait.
   */
  readonly undoneAt?: number
}

export interface Outbox {
  /**
   * One at a time for each lane: its callers see to that.
   * @throws ChainTxError it is in a block and failed; MessageUndecidedError; the node's verdict; CHAIN_UNREACHABLE: then it is kept
   */
  send<N extends TransactionName>(message: OutgoingMessage<N>, options: { signal: AbortSignal }): Promise<TxView>
  /**
   * Waits until all that was said in a lane is in a block, or can be in none: what has been done stands on the chain then, and who
   * reads it there afterwards does not need to know what was said.
   */
  settleLane(lane: number, options: { signal: AbortSignal }): Promise<void>
  /** Of those whose time has been over for a while: nobody asks about what is in a block, or can be in none. */
  forgetDecided(options: { signal: AbortSignal }): Promise<void>
  /** Messages whose end is not known. */
  count(): number
}

const STUCK_BLOCKS = 10
/** So long after its time who wants the same still learns what became of it. */
const DECIDED_KEPT_EPOCHS = 100
/** What nobody can tell is forgotten, long after it could be in a block. */
const KEPT_EPOCHS = 20_000

export function createOutbox({ db, chain, log, stuckMs }: OutboxOptions): Outbox {
  const rows = openRows(db)

  /** Of the same sequence at most one is in a block: the newest is asked about first. */
  async function earlier(key: Key, undoneAt: number, options: { signal: AbortSignal }): Promise<TxView | undefined> {
    for (const message of rows.of(key)) {
      const tx = await resumeMessage(chain, message, options).catch(async (error: unknown) => {
        // It changed nothing: what it was for is still to be done.
        if (error instanceof ChainTxError) return undefined
        if (isKeyGone(error)) return await committed(chain, message.id, options)
        if (error instanceof MessageUndecidedError && undoneAt > message.validUntil) return undefined
        throw error
      })
      if (tx !== undefined) log({ type: 'outbox:resumed', kind: key.kind, subject: key.subject, tx: tx.id })
      rows.remove(message.id)
      if (tx !== undefined && tx.height > undoneAt) return tx
    }
    return undefined
  }

  async function settleOrReplace(
    first: SignedMessage,
    signer: Signer,
    key: Key,
    options: { signal: AbortSignal },
  ): Promise<TxView> {
    const waitMs = stuckMs ?? STUCK_BLOCKS * (await chain.status(options)).blockTimeMs
    let message = first
    for (;;) {
      const waiting = new AbortController()
      const signal = AbortSignal.any([options.signal, waiting.signal])
      try {
        const settled = settle(chain, message, { signal })
        settled.catch(() => {})
        const tx = await Promise.race([settled, sleep(waitMs, signal)])
        if (tx !== undefined) return tx
      } finally {
        waiting.abort(new DOMException('looked at again', 'AbortError'))
      }
      const higher = await replaceMessage({ chain, signer }, message, options)
      if (higher === undefined) continue
      rows.write(key, higher)
      log({ type: 'outbox:replaced', kind: key.kind, subject: key.subject, tx: higher.id, before: message.id })
      message = higher
    }
  }

  return {
    count: rows.count,
    settleLane: async (lane, options) => {
      for (const { message, kind, subject } of rows.inLane(lane)) {
        const tx = await endOf(message, options)
        if (tx !== undefined) log({ type: 'outbox:resumed', kind, subject, tx: tx.id })
        rows.remove(message.id)
      }
    },
    forgetDecided: async (options) => {
      const { height } = await chain.status(options)
      for (const message of rows.endedBefore(height - DECIDED_KEPT_EPOCHS)) {
        if (await isDecided(message, options)) rows.remove(message.id)
      }
    },
    send: async ({ signer, lane, kind, body, subject, undoneAt = -1 }, options) => {
      const key = { lane, kind, subject }
      const known = await earlier(key, undoneAt, options)
      if (known !== undefined) {
        rows.clear(key)
        return known
      }
      for (let signatures = 1; ; signatures += 1) {
        const message = await signMessage({ chain, signer, kind, body, lane }, options)
        rows.write(key, message)
        rows.dropBefore(message.signedAt - KEPT_EPOCHS)
        try {
          const tx = await settleOrReplace(message, signer, key, options)
          rows.clear(key)
          return tx
        } catch (error) {
          if (error instanceof ChainTxError) rows.clear(key)
          if (!isSequenceError(error) && !isFeeError(error)) {
            await forgetRefused(error, key, options)
            throw error
          }
          // Another has the sequence, perhaps one that it replaces or is replaced by; or it was refused for its fee.
          const done = await committedOf(rows.of(key), options)
          rows.clear(key)
          if (done !== undefined) return done
          if (signatures >= SIGNATURES_MAX) throw error
          await sleep(Math.random() * 20 * signatures, options.signal)
        }
      }
    },
  }

  /** Whatever the node says against it: as long as a block may have it, it may have been said. */
  async function endOf(message: SignedMessage, options: { signal: AbortSignal }): Promise<TxView | undefined> {
    for (;;) {
      try {
        return await resumeMessage(chain, message, options)
      } catch (error) {
        if (error instanceof ChainTxError) return undefined
        if (isKeyGone(error)) return await committed(chain, message.id, options)
        if (!isVerdict(error) || error instanceof ChainBehindError) throw error
        const { height, blockTimeMs } = await chain.status(options)
        if (height > message.validUntil && error instanceof MessageUndecidedError) return undefined
        if (height > message.validUntil) throw error
        await sleep(blockTimeMs, options.signal)
      }
    }
  }

  /** What the node refused and does not have was never sent: the next try may say something else. */
  async function forgetRefused(error: unknown, key: Key, options: { signal: AbortSignal }): Promise<void> {
    if (!isVerdict(error) || options.signal.aborted) return
    for (const { id } of rows.of(key)) if (await isUnknown(id, options)) rows.remove(id)
  }

  /** Of one whose time is over: nothing is sent. */
  async function isDecided(message: SignedMessage, options: { signal: AbortSignal }): Promise<boolean> {
    try {
      await resumeMessage(chain, message, options)
      return true
    } catch (error) {
      if (error instanceof MessageUndecidedError) return false
      if (error instanceof ChainTxError) return true
      throw error
    }
  }

  async function isUnknown(id: Hash, options: { signal: AbortSignal }): Promise<boolean> {
    try {
      await chain.tx(id, options)
      return false
    } catch (error) {
      return GranaryError.is(error) && error.code === 'TX_NOT_FOUND'
    }
  }

  async function committedOf(messages: readonly SignedMessage[], options: { signal: AbortSignal }) {
    for (const { id } of messages) {
      const tx = await committed(chain, id, options)
      if (tx !== undefined) return tx
    }
    return undefined
  }
}

/**
 * Another key has taken the place of the one that signed it: it is in a block already, or what is signed anew takes its sequence,
 * of which one message at most is in a block.
 */
function isKeyGone(error: unknown): boolean {
  return GranaryError.is(error) && error.code === 'KEY_NOT_AUTHORIZED'
}

/** And no fault of the line. */
function isVerdict(error: unknown): boolean {
  return GranaryError.is(error) && passingFactsOf(error.code)?.lost !== true
}

interface Key {
  readonly lane: number
  readonly kind: TransactionName
  readonly subject: string
}

interface Rows {
  /** The newest first. */
  of(key: Key): SignedMessage[]
  /** The newest first. */
  inLane(lane: number): { readonly message: SignedMessage; readonly kind: TransactionName; readonly subject: string }[]
  write(key: Key, message: SignedMessage): void
  remove(id: Hash): void
  clear(key: Key): void
  endedBefore(epoch: number): SignedMessage[]
  dropBefore(epoch: number): void
  count(): number
}

function openRows(db: DatabaseSync): Rows {
  db.exec(`
    CREATE TABLE IF NOT EXISTS outbox (
      id TEXT PRIMARY KEY,
      kind TEXT NOT NULL,
      subject TEXT NOT NULL,
      sender TEXT NOT NULL,
      lane INTEGER NOT NULL,
      sequence INTEGER NOT NULL,
      signed_at INTEGER NOT NULL,
      valid_until INTEGER NOT NULL,
      bytes BLOB NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS outbox_by_subject ON outbox (lane, kind, subject);
  `)
  const insert = db.prepare(`
    INSERT INTO outbox (id, kind, subject, sender, lane, sequence, signed_at, valid_until, bytes)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`)
  const bySubject = db.prepare('SELECT * FROM outbox WHERE lane = ? AND kind = ? AND subject = ? ORDER BY rowid DESC')
  const byLane = db.prepare('SELECT * FROM outbox WHERE lane = ? ORDER BY rowid DESC')
  const ended = db.prepare('SELECT * FROM outbox WHERE valid_until < ?')
  const remove = db.prepare('DELETE FROM outbox WHERE id = ?')
  const clear = db.prepare('DELETE FROM outbox WHERE lane = ? AND kind = ? AND subject = ?')
  const drop = db.prepare('DELETE FROM outbox WHERE valid_until < ?')
  const count = db.prepare('SELECT count(*) AS count FROM outbox')
  return {
    of: ({ lane, kind, subject }) => bySubject.all(lane, kind, subject).map(toMessage),
    inLane: (lane) =>
      byLane.all(lane).map((row) => ({
        message: toMessage(row),
        kind: row.kind as TransactionName,
        subject: String(row.subject),
      })),
    write: ({ kind, subject }, message) => {
      const { id, sender, lane, sequence, signedAt, validUntil, bytes } = message
      insert.run(id, kind, subject, sender, lane, sequence, signedAt, validUntil, bytes)
    },
    endedBefore: (epoch) => ended.all(epoch).map(toMessage),
    remove: (id) => {
      remove.run(id)
    },
    clear: ({ lane, kind, subject }) => {
      clear.run(lane, kind, subject)
    },
    dropBefore: (epoch) => {
      drop.run(epoch)
    },
    count: () => Number(count.get()?.count ?? 0),
  }
}

function toMessage(row: Record<string, SQLOutputValue>): SignedMessage {
  return {
    id: String(row.id) as Hash,
    sender: String(row.sender) as Address,
    lane: Number(row.lane),
    sequence: Number(row.sequence),
    signedAt: Number(row.signed_at),
    validUntil: Number(row.valid_until),
    bytes: row.bytes as Uint8Array,
  }
}
