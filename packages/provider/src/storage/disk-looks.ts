/** What is looked at on a disk while nothing else of the process goes on, since what was seen has to hold when it is acted on. */
import { accessSync, constants, existsSync, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs'

export interface DiskRoom {
  readonly bytes: number
  readonly freeBytes: number
  /** Two folders of one disk have the same. */
  readonly device: number
}

export interface DiskLooks {
  exists(path: string): boolean
  /** Undefined where there is none that can be read. */
  text(path: string): string | undefined
  /** Not a disk that the system has made read-only since it failed. */
  isWritable(path: string): boolean
  /** None where there is no such folder, or its disk does not list it. */
  names(folder: string): readonly string[]
  /** @throws where there is no such folder */
  room(folder: string): DiskRoom
  /** The same for two paths of one file; undefined where there is none. */
  file(path: string): string | undefined
}

export interface Looks extends DiskLooks {
  /** How long the disk of that path has not answered; 0: it does. Until it does nothing is seen on it. */
  silentMs(path: string): number
}

/** Of a disk that hangs each of these hangs. */
export const diskLooks: DiskLooks = {
  exists: existsSync,
  text: (path) => orNothing(() => readFileSync(path, 'utf8')),
  isWritable: (path) => orNothing(() => accessSync(path, constants.W_OK) ?? true) ?? false,
  names: (folder) => orNothing(() => readdirSync(folder)) ?? [],
  room: (folder) => {
    const { blocks, bavail, bsize } = statfsSync(folder)
    return { bytes: blocks * bsize, freeBytes: bavail * bsize, device: statSync(folder).dev }
  },
  file: (path) => {
    const found = statSync(path, { throwIfNoEntry: false })
    return found && `${found.dev}/${found.ino}`
  },
}

/** For a program that ends soon, or has nothing else to do. */
export const waitingLooks: Looks = { ...diskLooks, silentMs: () => 0 }

function orNothing<Result>(look: () => Result): Result | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
