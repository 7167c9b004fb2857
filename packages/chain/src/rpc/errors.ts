/** What the RPC itself refuses, and which HTTP status an error has. */
import { type ErrorCode, GranaryError } from '@granary/base'
import { statusOf as statusOfCode } from '@granary/base/http'
import { TxRefusedError } from '../engine/errors.ts'

/** REQUEST_INVALID: the input does not have the documented form. */
export class RequestInvalidError extends GranaryError {
  constructor(problems: readonly { field: string; problem: string }[]) {
    super({
      code: 'REQUEST_INVALID',
      message: problems.map(({ field, problem }) => `"${field}": ${problem}`).join('; '),
      hint: 'correct the named fields; docs/spec/chain.md, section 8, lists the paths and what they take',
      details: { problems },
    })
  }
}

type NotFoundCode = Extract<ErrorCode, `${string}_NOT_FOUND`>

/** DEAL_NOT_FOUND, TX_NOT_FOUND, … */
export class NotFoundError extends GranaryError {
  constructor(code: NotFoundCode, name: string, hint: string) {
    const what = code.slice(0, -'_NOT_FOUND'.length).toLowerCase()
    super({
      code,
      message: `there is no ${what} ${name}`,
      hint,
      details: { [what]: name },
    })
  }
}

export class ChallengeNotOpenError extends GranaryError {
  constructor(provider: number, partition: number, kind: string) {
    super({
      code: 'CHALLENGE_NOT_OPEN',
      message: `partition ${partition} of provider ${provider} has no open challenge (${kind})`,
      hint: 'it was answered, or its window is over: GET /v1/providers/{id}/challenges lists those that are open',
      details: { provider, partition, kind },
    })
  }
}

export class BodyEncodingError extends GranaryError {
  constructor() {
    super({
      code: 'CONTENT_ENCODING_UNSUPPORTED',
      message: 'a compressed body is not taken',
      hint: 'send the body as it is, without content-encoding',
    })
  }
}

export class WaitTimeoutError extends GranaryError {
  constructor(id: string, seconds: number) {
    super({
      code: 'TX_WAIT_TIMEOUT',
      message: `transaction ${id} was not in a block after ${seconds} s`,
      hint: 'it still waits: ask for it by its id, or send the same bytes again',
      details: { id },
    })
  }
}

export class StreamsFullError extends GranaryError {
  constructor(limit: number) {
    super({
      code: 'STREAMS_FULL',
      message: `${limit} event streams are open already`,
      hint: 'close one, or ask another node',
      details: { limit },
    })
  }
}

export class RandomnessNotReadyError extends GranaryError {
  constructor(epoch: number, height: number) {
    super({
      code: 'RANDOMNESS_NOT_READY',
      message: `the randomness of epoch ${epoch} is not on the chain at height ${height}`,
      hint: 'ask again after the next blocks; entries that are older than the longest commit are dropped',
      details: { epoch, height },
    })
  }
}

/** Too many grants, or too many at once. */
export class FaucetLimitError extends GranaryError {
  constructor(message: string, retryAfterSeconds: number) {
    super({
      code: 'FAUCET_LIMIT',
      message,
      hint: `wait ${retryAfterSeconds} s, or use the money that is there`,
      details: { retryAfterSeconds },
    })
  }
}

/** RATE_LIMITED: this address asks too often. */
export class RateLimitedError extends GranaryError {
  constructor(requestsPerMinute: number, retryAfterSeconds: number) {
    super({
      code: 'RATE_LIMITED',
      message: `an address may send ${requestsPerMinute} requests a minute`,
      hint: `wait ${retryAfterSeconds} s; follow events instead of asking again and again`,
      details: { retryAfterSeconds },
    })
  }
}

/** BYTES_LIMITED: this address sends too much. */
export class BytesLimitedError extends GranaryError {
  constructor(bytesPerMinute: number, retryAfterSeconds: number) {
    super({
      code: 'BYTES_LIMITED',
      message: `an address may send ${bytesPerMinute} bytes of transactions a minute`,
      hint: `wait ${retryAfterSeconds} s, or send from another address`,
      details: { retryAfterSeconds },
    })
  }
}

/** ADDRESS_BUSY: this address has too much open at once. */
export class AddressBusyError extends GranaryError {
  constructor(what: string, limit: number) {
    super({
      code: 'ADDRESS_BUSY',
      message: `an address may have ${limit} ${what} at once`,
      hint: 'wait until one of them is done',
      details: { limit, retryAfterSeconds: 1 },
    })
  }
}

/** NODE_BUSY: all addresses together send more than this node holds at once. */
export class NodeBusyError extends GranaryError {
  constructor(bytesMax: number) {
    super({
      code: 'NODE_BUSY',
      message: `${bytesMax} bytes of transactions are on their way already`,
      hint: 'send it again in a moment, or to another node',
      details: { bytesMax, retryAfterSeconds: 1 },
    })
  }
}

/** INTERNAL: a fault of this program. What happened stands in its log, not in the answer. */
export class InternalError extends GranaryError {
  constructor() {
    super({
      code: 'INTERNAL',
      message: 'the node could not answer because of a fault of its own',
      hint: "look into the node's log",
    })
  }
}

/** Of what a message names and the chain does not know, a verdict speaks: the request itself was served. */
export function statusOf(error: GranaryError): number {
  const status = statusOfCode(error)
  return status === 404 && error instanceof TxRefusedError ? 422 : status
}
