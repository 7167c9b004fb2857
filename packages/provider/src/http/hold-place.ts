/**
 * A download's place is held while the work for it goes on, and not only while its client is there: who asks and leaves
 * would have more at work than there are places.
 */
import type { Response } from 'express'

const WORK = 'workForItsPlace'

/** @returns the work itself */
export function holdPlace<Result>(response: Response, work: Promise<Result>): Promise<Result> {
  response.locals[WORK] = work
  return work
}

/** Resolves when the work, if there is any, has ended in whatever way. */
export async function workEnded(response: Response): Promise<void> {
  const work: unknown = response.locals[WORK]
  await Promise.allSettled([work])
}
