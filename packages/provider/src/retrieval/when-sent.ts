/** Tells how many bytes of content an answer has sent, however it ended. */
import type { Response } from 'express'

const THEN = 'whenContentIsSent'

export function whenSent(response: Response, then: (bytes: number) => void): void {
  response.locals[THEN] = then
}

export function tellSent(response: Response, bytes: number): void {
  const then: unknown = response.locals[THEN]
  if (typeof then === 'function') then(bytes)
}
