/** Leaves read again from the files that they are in. The file that was read last stays open. */
import { type FileHandle, open } from 'node:fs/promises'
import type { LeafPlace } from '../manifest/block-table.ts'
import { FileChangedError } from '../manifest/file-changed-error.ts'
import type { FileSeen } from './path-tree.ts'
import { readAt } from './read-at.ts'

export interface LeafReader extends AsyncDisposable {
  /**
   * @param memory as long as the leaf, where it is put
   * @throws FileChangedError FILE_CHANGED for a file that is not what was seen
   */
  read(place: LeafPlace, memory: Uint8Array): Promise<Uint8Array>
}

/** @param seen the file of that number */
export function createLeafReader(seen: (file: number) => FileSeen): LeafReader {
  let last: { file: number; handle: FileHandle } | undefined

  async function handleOf(file: number, path: string): Promise<FileHandle> {
    if (last?.file === file) return last.handle
    await last?.handle.close()
    last = undefined
    const handle = await open(path).catch((cause: unknown) => {
      throw new FileChangedError(path, cause)
    })
    last = { file, handle }
    return handle
  }

  return {
    async read({ file, offset, length }, memory) {
      const { path, bytes, mtimeNs } = seen(file)
      const handle = await handleOf(file, path)
      const part = await readAt(handle, offset, length, memory)
      // Behind the read: what was written before it is seen. A file that has only grown would hash to the same, too.
      const now = await handle.stat({ bigint: true })
      if (now.size !== BigInt(bytes) || now.mtimeNs !== mtimeNs) throw new FileChangedError(path)
      return part
    },
    async [Symbol.asyncDispose]() {
      await last?.handle.close()
      last = undefined
    },
  }
}
