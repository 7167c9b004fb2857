/** Every few seconds: pieces whose disk has come back are put into their places, and what lies on the wrong volume is moved. */
import type { Alerts } from '../alerts.ts'
import type { PieceFiles } from '../deals/piece-files.ts'
import { type TidyContext, tidyVolumes } from './tidy-volumes.ts'

export interface KeepTidyOptions extends Omit<TidyContext, 'isDamaged' | 'alerts'> {
  readonly files: Pick<PieceFiles, 'placeAll'>
  /** A piece that waited for its disk is in its place now. */
  readonly onPiecePlaced: (pieceCid: string) => void
  readonly alerts: Alerts
}

const TIDY_EVERY_MS = 10_000

/** @returns what ends it, when what is being copied is let go */
export function keepTidy({ files, onPiecePlaced, ...options }: KeepTidyOptions): () => Promise<void> {
  const { alerts, log } = options
  const stopping = new AbortController()
  let running: Promise<void> | undefined

  const isDamaged = (name: string): boolean =>
    alerts
      .list()
      .some(
        ({ code, subject }) =>
          (code === 'SECTOR_DAMAGED' && subject === name) || (code === 'PIECE_DAMAGED' && `piece ${subject}` === name),
      )

  async function tidy(): Promise<void> {
    for (const pieceCid of await files.placeAll()) onPiecePlaced(pieceCid)
    await tidyVolumes({ ...options, isDamaged }, stopping.signal)
  }

  const timer = setInterval(() => {
    running ??= tidy()
      .catch((error: unknown) => log({ type: 'volumes:tidy-failed', error: String(error) }))
      .finally(() => {
        running = undefined
      })
  }, TIDY_EVERY_MS)
  return async () => {
    clearInterval(timer)
    stopping.abort()
    await running
  }
}
