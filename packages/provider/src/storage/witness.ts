/**
 * How far the store of this home had come, written beside it (`home.json`). The store is the truth; this only tells
 * whether the store that is found is that one, and the newest of it. It is written after the store and before the answer
 * that depends on it, so it may be behind the store, and the store is never behind it unless somebody put an old one back.
 */
import { readFileSync } from 'node:fs'
import { GranaryError } from '@granary/base'
import { writeFileDurablySync } from '@granary/base/node'
import * as z from 'zod'

export interface Witnessed {
  /** The same in the store. */
  readonly homeId: string
  /** Deals that were signed, ever. */
  readonly agreements: number
  /** Sector numbers below it have been given out. */
  readonly nextSector: number
}

export interface Witness {
  seen(): Witnessed
  agreed(agreements: number): void
  numbered(nextSector: number): void
}

const recordSchema: z.ZodType<Witnessed & { schemaVersion: 1 }> = z.object({
  schemaVersion: z.literal(1),
  homeId: z.string().min(1),
  agreements: z.int().nonnegative(),
  nextSector: z.int().nonnegative(),
})

/** HOME_RECORD_INVALID: nothing shows whether the store is the newest of this home, so nothing is started. */
export class HomeRecordInvalidError extends GranaryError {
  constructor(path: string, cause: unknown) {
    super({
      code: 'HOME_RECORD_INVALID',
      message: `${path} cannot be read, so nothing shows whether the store beside it is the newest of this home`,
      hint: 'put the file back from a copy, or run `granary provider rebuild`: it makes the store and this file anew',
      details: { path },
      cause,
    })
  }
}

/** @returns undefined when there is none: then the store stands without a witness @throws HomeRecordInvalidError */
export function readWitness(path: string): Witnessed | undefined {
  try {
    const { homeId, agreements, nextSector } = recordSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
    return { homeId, agreements, nextSector }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    if (error instanceof SyntaxError || error instanceof z.ZodError) throw new HomeRecordInvalidError(path, error)
    throw error
  }
}

export function openWitness(path: string, found: Witnessed): Witness {
  let now = found
  const advance = (to: Partial<Witnessed>): void => {
    now = { ...now, ...to }
    // Synchronous like the store: nothing else of this process comes between the two.
    writeFileDurablySync(path, `${JSON.stringify({ schemaVersion: 1, ...now }, null, 2)}\n`)
  }
  advance({})
  return {
    seen: () => now,
    agreed: (agreements) => {
      if (agreements > now.agreements) advance({ agreements })
    },
    numbered: (nextSector) => {
      if (nextSector > now.nextSector) advance({ nextSector })
    },
  }
}
