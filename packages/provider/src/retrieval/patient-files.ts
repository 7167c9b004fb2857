/**
 * Reads of files on disks of which one may hang. A read that hangs keeps one of the threads that all work with files in this process
 * shares, that of the prover too. So only so many of a folder are under way at a time, whoever wants them; none is waited for
 * longer than a disk may be silent; and while one has been under way for so long, no other is begun there.
 */
import { dirname } from 'node:path'

export interface PatientFiles {
  /** `work` reads the file, and ends by itself if it is not waited for. @throws DiskSilentError */
  read<Result>(path: string, work: () => Promise<Result>): Promise<Result>
}

export interface PatientFilesOptions {
  /** Of a folder. @default 4 */
  readonly underWayMax?: number
  /** For the turn, and then for the read. @default 10,000 */
  readonly waitMs?: number
}

export class DiskSilentError extends Error {
  override readonly name = 'DiskSilentError'

  constructor(folder: string, waitMs: number) {
    super(`the disk of ${folder} has not answered for ${waitMs / 1_000} s`)
  }
}

interface Folder {
  /** When each began. */
  readonly underWay: Set<{ readonly sinceMs: number }>
  readonly line: Set<() => void>
}

export function createPatientFiles({ underWayMax = 4, waitMs = 10_000 }: PatientFilesOptions = {}): PatientFiles {
  const folders = new Map<string, Folder>()

  function folderOf(name: string): Folder {
    const known = folders.get(name) ?? { underWay: new Set(), line: new Set() }
    folders.set(name, known)
    return known
  }

  /** Rejects when it takes too long; what is waited for goes on. */
  async function inTime<Result>(name: string, awaited: Promise<Result>): Promise<Result> {
    const { promise: late, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => reject(new DiskSilentError(name, waitMs)), waitMs)
    return await Promise.race([awaited, late]).finally(() => clearTimeout(timer))
  }

  async function turn(name: string, { line }: Folder): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    line.add(resolve)
    await inTime(name, promise).finally(() => line.delete(resolve))
  }

  function begin<Result>({ line, underWay }: Folder, work: () => Promise<Result>): Promise<Result> {
    const own = { sinceMs: performance.now() }
    underWay.add(own)
    return work().finally(() => {
      underWay.delete(own)
      const [next] = line
      next?.()
    })
  }

  return {
    read: async (path, work) => {
      const name = dirname(path)
      const folder = folderOf(name)
      const [first] = folder.underWay
      if (first !== undefined && performance.now() - first.sinceMs >= waitMs) throw new DiskSilentError(name, waitMs)
      while (folder.underWay.size >= underWayMax) await turn(name, folder)
      return await inTime(name, begin(folder, work))
    },
  }
}
