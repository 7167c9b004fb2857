/** Reads a run of bytes that must be there. */
import type { FileHandle } from 'node:fs/promises'
import { GranaryError } from '@granary/base'

export class FileTooShortError extends GranaryError {
  constructor(offset: number, wanted: number, found: number) {
    super({
      code: 'FILE_TOO_SHORT',
      message: `a file holds ${found} of the ${wanted} bytes expected at offset ${offset}`,
      hint: 'the file was cut or changed from outside: seal the sector again, or restore the file',
    })
  }
}

/** @throws FileTooShortError FILE_TOO_SHORT */
export async function readExactly(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  for (let filled = 0; filled < length; ) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled)
    if (bytesRead === 0) throw new FileTooShortError(offset, length, filled)
    filled += bytesRead
  }
  return bytes
}
