/**
 * How far the store of this home had come, written beside it (`home.json`). The store is the truth; this only tells
 * whether the store that is found is that one, and the newest of it. It is written after the store and before the answer
 * that depends on it, so it may be behind the store, and the store is never behind it unless somebody put an old one back.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
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

/** Undefined when there is none, or none that can be read: then the store stands without a witness. */
export function readWitness(path: string): Witnessed | undefined {
  try {
    const { homeId, agreements, nextSector } = recordSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
    return { homeId, agreements, nextSector }
  } catch (error) {
    const unreadable = error instanceof SyntaxError || error instanceof z.ZodError
    if (unreadable || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

export function openWitness(path: string, found: Witnessed): Witness {
  let now = found
  const advance = (to: Partial<Witnessed>): void => {
    now = { ...now, ...to }
    writeDurably(path, `${JSON.stringify({ schemaVersion: 1, ...now }, null, 2)}\n`)
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

/** Synchronous like the store: nothing else of this process comes between the two. */
function writeDurably(path: string, text: string): void {
  const temporary = `${path}.tmp`
  const file = openSync(temporary, 'w')
  writeSync(file, text)
  fsyncSync(file)
  closeSync(file)
  renameSync(temporary, path)
  const folder = openSync(dirname(path), 'r')
  fsyncSync(folder)
  closeSync(folder)
}
