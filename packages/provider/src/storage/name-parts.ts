/**
 * The names in a folder, a part at a time. A volume may have millions of pieces: all their names are more than the memory of a
 * thread that looks, and take longer than a disk is waited for; it answers as long as another part comes.
 */
import { type Dir, opendirSync } from 'node:fs'

export interface NameParts {
  /** None where there is no such folder. */
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
      const entry = open.dir.readSync()
      if (entry === null) close()
      else names.push(entry.name)
    }
    return names
  }

  return {
    firstNames: (folder) => {
      close()
      try {
        open = { folder, dir: opendirSync(folder, { bufferSize: NAMES_A_PART }) }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
        throw error
      }
      return nextNames(folder)
    },
    nextNames,
  }
}
