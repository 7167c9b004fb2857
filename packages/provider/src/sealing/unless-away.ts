/** Work of threads on a volume, given up once that is away: who hangs there keeps a place that others want. */
import { sep } from 'node:path'
import { GranaryError } from '@granary/base'
import type { Volumes } from '../storage/volumes.ts'

export class VolumeLeftError extends GranaryError {
  constructor(volume: string) {
    super({
      code: 'VOLUME_AWAY',
      message: `the volume ${volume} is away, and was being worked on`,
      hint: 'it goes on by itself, from where it was, when the disk answers',
      retryable: true,
      details: { path: volume },
    })
  }
}

const LOOK_MS = 1_000

/**
 * @param paths what is read and written
 * @throws VolumeLeftError VOLUME_AWAY, and what the work throws
 */
export async function unlessAway<Result>(
  { volumes }: { readonly volumes: Pick<Volumes, 'away'> },
  paths: readonly string[],
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const leaving = new AbortController()
  const looking = setInterval(() => {
    const left = volumes.away().find((volume) => paths.some((path) => path.startsWith(volume + sep)))
    if (left !== undefined) leaving.abort(new VolumeLeftError(left))
  }, LOOK_MS)
  try {
    return await work(AbortSignal.any([signal, leaving.signal]))
  } finally {
    clearInterval(looking)
  }
}
