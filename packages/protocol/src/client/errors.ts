/** What can go wrong between this client and a node; errors that the node itself answers pass through with their code. */
import { GranaryError, relayedCode } from '@granary/base'
import type { TxView } from '../chain-api/answers.ts'

/** CHAIN_UNREACHABLE: nobody answers HTTP at that address. */
export class ChainUnreachableError extends GranaryError {
  constructor(url: string, cause: unknown) {
    super({
      code: 'CHAIN_UNREACHABLE',
      message: `no chain answers at ${url}: ${reasonOf(cause)}`,
      hint: 'start one with `granary devnet` or `granary chain run`, or name the right address with --chain or GRANARY_CHAIN',
      details: { url },
      cause,
    })
  }
}

/** CHAIN_ANSWER_INVALID: something answered that does not speak the chain's protocol. */
export class ChainAnswerError extends GranaryError {
  /** @param what: of the answer is not as it should be */
  constructor(url: string, status: number, what?: string) {
    super({
      code: 'CHAIN_ANSWER_INVALID',
      message: `${url} answered with HTTP status ${status}, and not as a chain node does${what === undefined ? '' : `: ${what}`}`,
      hint: 'check that the address is that of a Granary chain node and that no proxy stands in between',
      retryable: status >= 500,
      details: { url, status },
    })
  }
}

/** CHAIN_FOREIGN: a node answered that follows another chain than the one this client reads. */
export class ForeignChainError extends GranaryError {
  constructor(url: string, expected: string, found: string) {
    super({
      code: 'CHAIN_FOREIGN',
      message: `${url} follows the chain with genesis ${found}, expected was ${expected}`,
      hint: 'nothing of that answer was used: name a node of the expected chain with --chain or GRANARY_CHAIN, or start with a folder of its own for the other chain',
      details: { url, expected, found },
    })
  }
}

/** CHAIN_BEHIND: a node that has not reached a height seen before does not know something, which says nothing about the chain. */
export class ChainBehindError extends GranaryError {
  constructor(url: string, height: number, seen: number, cause?: unknown) {
    super({
      code: 'CHAIN_BEHIND',
      message: `${url} is at height ${height}, height ${seen} was seen before: what it does not know may be there`,
      hint: 'delete nothing: wait until the node has caught up, or name another one with --chain or GRANARY_CHAIN',
      details: { url, height, seen },
      cause,
    })
  }
}

/** A committed transaction that failed: it kept its fee and sequence and changed nothing else. `code` is the chain's. */
export class ChainTxError extends GranaryError {
  readonly tx: TxView

  constructor(tx: TxView) {
    super({
      code: relayedCode(tx.code),
      message: tx.message ?? `${tx.kind} failed in block ${tx.height} with ${tx.code}`,
      hint: tx.hint ?? 'look the code up in docs/errors.md, correct the message and send it again',
      retryable: false,
      details: { id: tx.id, height: tx.height, kind: tx.kind },
    })
    this.tx = tx
  }
}

// fetch wraps what really happened (ECONNREFUSED, ENOTFOUND) as the cause of a bare "fetch failed".
function reasonOf(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return String(cause)
  const { message, cause: inner } = cause as { message?: unknown; cause?: { code?: unknown; message?: unknown } }
  return String(inner?.code ?? inner?.message ?? message)
}
