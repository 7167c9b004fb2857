/**
 * When each replica was last read whole, and how far it has been read since. A file of its own beside the store, so that it can be
 * read while the provider runs; a lost one is begun anew.
 */
import { readFileSync } from 'node:fs'
import { writeFileDurably } from '@granary/base/node'
import * as z from 'zod'

const scrubFile = z.object({
  schemaVersion: z.literal(1),
  sectors: z.array(
    z.object({
      number: z.number(),
      /** Null: never yet. */
      readAtMs: z.number().nullable(),
      /** In bytes of the replica: where the reading goes on. */
      next: z.number(),
    }),
  ),
})
type ScrubRow = z.infer<typeof scrubFile>['sectors'][number]

export interface ScrubRecord {
  /** Undefined: never, as far as is known. */
  readAtMs(number: number): number | undefined
  /** Where its reading goes on; 0: it has not been begun. */
  next(number: number): number
  reached(number: number, next: number): void
  /** All of it has been read, and is as it was sealed. */
  readWhole(number: number): void
  /** Of those that are proven still: at most once a minute, or less often where there are many. @param now whatever the time */
  save(proven: () => readonly number[], now?: boolean): Promise<void>
}

const SAVE_EVERY_MS = 60_000
/** The longer the file, the less often it is made and written. */
const SAVE_BYTES_A_MS = 3

export function openScrubRecord(path: string): ScrubRecord {
  const rows = new Map(readScrub(path).map((row) => [row.number, row]))
  let isChanged = false
  let saveAtMs = Date.now() + SAVE_EVERY_MS

  function set(number: number, change: Partial<ScrubRow>): void {
    rows.set(number, { number, readAtMs: null, next: 0, ...rows.get(number), ...change })
    isChanged = true
  }

  return {
    readAtMs: (number) => rows.get(number)?.readAtMs ?? undefined,
    next: (number) => rows.get(number)?.next ?? 0,
    reached: (number, next) => set(number, { next }),
    readWhole: (number) => set(number, { readAtMs: Date.now(), next: 0 }),
    save: async (proven, now = false) => {
      if (!isChanged || (!now && Date.now() < saveAtMs)) return
      const living = new Set(proven())
      for (const number of rows.keys()) if (!living.has(number)) rows.delete(number)
      const text = JSON.stringify({ schemaVersion: 1, sectors: [...rows.values()] })
      saveAtMs = Date.now() + Math.max(SAVE_EVERY_MS, text.length / SAVE_BYTES_A_MS)
      isChanged = false
      // A disk that takes nothing keeps nobody from reading: it is written with what comes next.
      await writeFileDurably(path, text).catch(() => {
        isChanged = true
      })
    },
  }
}

/** Empty where no provider has written one that can be read. */
export function readScrub(path: string): readonly ScrubRow[] {
  try {
    return scrubFile.parse(JSON.parse(readFileSync(path, 'utf8'))).sectors
  } catch {
    return []
  }
}
