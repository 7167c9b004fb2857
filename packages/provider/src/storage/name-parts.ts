/**
 * The names in a folder, a part at a time. A volume may have millions of pieces: all their names are more than the memory of a
 * thread that looks, and take longer than a disk is waited for; it answers as long as another part comes.
 */
import { type Dir, type Dirent, opendirSync } from 'node:fs'

export interface NameParts {
  /** None where there is no such folder, or its disk does not list it. */
  firstNames(folder: string): readonly string[]
  /** Those that come after what was given last; none: there are no more. */
  nextNames(folder: string): readonly string[]
}

const NAMES_A_PART = 2_048

export function createNameParts(): NameParts {
  let open: { readonly folder: string; readonly dir: Dir } | undefined

  function close(): void {
    open?.dir.closeSync()
    open = undefined
  }

  function nextNames(folder: string): readonly string[] {
    const names: string[] = []
    while (open?.folder === folder && names.length < NAMES_A_PART) {
      const entry = readOne(open.dir)
      if (entry === null) close()
      else names.push(entry.name)
    }
    return names
  }

  function readOne(dir: Dir): Dirent | null {
    try {
      return dir.readSync()
    } catch {
      return null
    }
  }

  return {
    firstNames: (folder) => {
      close()
      try {
        open = { folder, dir: opendirSync(folder, { bufferSize: NAMES_A_PART }) }
      } catch {
        return []
      }
      return nextNames(folder)
    },
    nextNames,
  }
}
