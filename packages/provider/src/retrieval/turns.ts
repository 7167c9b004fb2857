/**
 * What all answers together send between two looks at who else has come. The system takes what is written to it at once while
 * it has room, so that sixteen answers would send sixteen blocks before the event loop turns, and a question of a few bytes waits.
 */
import { setImmediate } from 'node:timers/promises'
import type { Response } from 'express'

/** Before so many bytes are sent: others have had their turn, in the order in which they asked. */
export type UntilTurn = (bytes: number) => Promise<void>

const BYTES_A_TURN = 256 * 1024
const TURNS = 'untilTurn'

export function createTurns(): UntilTurn {
  let left = BYTES_A_TURN
  let next: Promise<void> | undefined

  async function beginTurn(): Promise<void> {
    await setImmediate()
    left = BYTES_A_TURN
    next = undefined
  }

  return async (bytes) => {
    while (left <= 0) {
      next ??= beginTurn()
      await next
    }
    left -= bytes
  }
}

export function takeTurns(response: Response, untilTurn: UntilTurn): void {
  response.locals[TURNS] = untilTurn
}

/** Of an answer by itself there is nothing to wait for. */
export function turnsOf(response: Response): UntilTurn {
  const untilTurn: unknown = response.locals[TURNS]
  return typeof untilTurn === 'function' ? (untilTurn as UntilTurn) : async () => undefined
}
