/** What the threads that seal know of the machine that they are on; it reaches them with their start. */
import { workerData } from 'node:worker_threads'
import { type Mark, missingMark, SharedFolderMissingError } from '../queue/shared-folder.ts'

export interface Machine {
  /** Of parents tables: another machine than the provider's has its own. @default as the job says */
  readonly parentsDir?: string | undefined
  /** Sectors in lockstep, at most. */
  readonly together: number
  /** What sealing may take of it. @default what is free when a step begins */
  readonly memoryBytes?: number | undefined
  /** Steps at a time, which share that. */
  readonly parallel: number
  /** In the folders that jobs read and write, on another machine than the provider's. */
  readonly marks: readonly Mark[]
}

export function thisMachine(): Machine {
  return (workerData as { readonly machine?: Machine } | null)?.machine ?? { together: 1, parallel: 1, marks: [] }
}

/**
 * What a job says while the provider's folders are away is not about the sector: a piece is missing then, and is not lost.
 * @throws SharedFolderMissingError SHARED_FOLDER_MISSING
 */
export async function onSharedFolders<Result>({ marks }: Machine, work: () => Promise<Result>): Promise<Result> {
  await requireMarks(marks)
  try {
    return await work()
  } catch (error) {
    await requireMarks(marks)
    throw error
  }
}

async function requireMarks(marks: readonly Mark[]): Promise<void> {
  const path = await missingMark(marks)
  if (path !== undefined) throw new SharedFolderMissingError(path)
}
