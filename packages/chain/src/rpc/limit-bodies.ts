/** Bounds the memory and the work that bodies on their way can take: docs/spec/chain.md, section 8. */
import type { Request, RequestHandler, Response } from 'express'
import type { AddressLimits, AddressOf } from './address-limits.ts'
import { createBudget } from './create-budget.ts'
import { createPlaces } from './create-places.ts'
import { AddressBusyError, BytesLimitedError, NodeBusyError } from './errors.ts'

export interface BodyLimitsParts {
  readonly limits: Required<AddressLimits>
  readonly addressOf: AddressOf
  /** The largest body that is taken. */
  readonly bytesMax: number
}

/** Of bodies of all addresses together, by what they say they will be. */
const ARRIVING_BYTES_MAX = 256 << 20

export function limitBodies({ limits, addressOf, bytesMax }: BodyLimitsParts): RequestHandler {
  const places = createPlaces(limits.bodies)
  const bytesOf = createBudget(limits.bytesPerMinute, 60)
  let arriving = 0

  return async (request, response, next) => {
    const address = addressOf(request.socket)
    const bytes = bytesOnTheWay(request, bytesMax)
    // What is refused before it is read ends its connection, or the rest of it would have to be read all the same.
    response.set('connection', 'close')
    const giveBack = places.take(address)
    if (giveBack === undefined) throw new AddressBusyError('transactions on their way', limits.bodies)
    if (arriving + bytes > ARRIVING_BYTES_MAX) {
      giveBack()
      throw new NodeBusyError(ARRIVING_BYTES_MAX)
    }
    arriving += bytes
    let held = true
    const done = () => {
      if (held) arriving -= bytes
      held = false
      giveBack()
    }
    response.locals.bodyDone = done
    response.once('close', done)
    const waitSeconds = await bytesOf.spend(address, bytes)
    if (waitSeconds !== undefined) throw new BytesLimitedError(limits.bytesPerMinute, waitSeconds)
    response.removeHeader('connection')
    next()
  }
}

/** The body is read and judged: who waits for a block does not take the place of another's. */
export function bodyDone(response: Response): void {
  const { bodyDone: done } = response.locals as { bodyDone?: () => void }
  done?.()
}

/** Who does not say how long it is may send as much as anybody. */
function bytesOnTheWay(request: Request, bytesMax: number): number {
  const length = Number(request.get('content-length') ?? bytesMax)
  return Number.isSafeInteger(length) && length >= 0 ? Math.min(length, bytesMax) : bytesMax
}
