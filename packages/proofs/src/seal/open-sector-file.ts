/** Opens a file that a sealed sector must have. */
import { type FileHandle, open } from 'node:fs/promises'
import { GranaryError } from '@granary/base'

export class SectorDamagedError extends GranaryError {
  constructor(dir: string, what: string) {
    super({
      code: 'SECTOR_DAMAGED',
      message: `the sector in ${dir} is damaged: ${what}`,
      hint: 'restore the folder from a copy, or seal the sector again from its pieces',
    })
  }
}

/** @throws SectorDamagedError SECTOR_DAMAGED when the file is missing */
export async function openSectorFile(dir: string, path: string): Promise<FileHandle> {
  return await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new SectorDamagedError(dir, `${path} is missing`)
    throw error
  })
}
