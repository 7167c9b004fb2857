/**
 * Work that goes on in several folders beside each other, each on a disk of its own: one that is slow, or hangs, keeps none of the
 * others waiting.
 */
import { pause } from '@granary/base'

export interface FolderWork {
  /** As they are at this moment. */
  readonly folders: () => readonly string[]
  /** Ends by itself, and is begun again while the folder is there. */
  readonly work: (folder: string) => Promise<void>
  /** Every so often. */
  readonly between: () => Promise<void>
}

const LOOK_MS = 5_000

/** Until the signal. What hangs then is left to itself: it ends with its disk, or with the process. */
export async function onEachFolder({ folders, work, between }: FolderWork, signal: AbortSignal): Promise<void> {
  const busy = new Set<string>()
  const goOn = async (folder: string): Promise<void> => {
    do await work(folder)
    while (!signal.aborted && folders().includes(folder))
  }
  while (!signal.aborted) {
    for (const folder of folders()) {
      if (busy.has(folder)) continue
      busy.add(folder)
      void goOn(folder).finally(() => busy.delete(folder))
    }
    await between()
    await pause(LOOK_MS, signal)
  }
}

const LOOK_THERE_MS = 1_000

/**
 * What is read of a disk; undefined as soon as that is not there any more, for a read of a disk that hangs does not return.
 * @throws what the reading throws; the signal's reason
 */
export async function whileThere<Result>(
  reading: Promise<Result>,
  isThere: () => boolean,
  signal: AbortSignal,
): Promise<Result | undefined> {
  const over = new AbortController()
  const either = AbortSignal.any([signal, over.signal])
  const gone = async (): Promise<undefined> => {
    do await pause(LOOK_THERE_MS, either)
    while (!either.aborted && isThere())
    signal.throwIfAborted()
  }
  try {
    return await Promise.race([reading, gone()])
  } finally {
    over.abort()
  }
}
