/**
 * What comes once, in the origin's private file system (https://fs.spec.whatwg.org): a folder for each page, which the page
 * holds a lock of as long as it lives. What pages that are gone have left is removed by the next that keeps a stream: its
 * manifest went with the page, so nobody can ask for it.
 */
import type { StreamStore } from '../sources/blob-spool.ts'
import { takeWebLock } from './web-lock.ts'

/** @param folder in the root of the private file system */
export function opfsStreams(folder: string): StreamStore {
  const page = crypto.randomUUID()
  let opened: Promise<FileSystemDirectoryHandle> | undefined
  let files = 0
  const own = () => {
    opened ??= openFolder(folder, page)
    return opened
  }
  return {
    nameOf: () => `draft-${crypto.randomUUID()}`,
    async create(draft) {
      const into = await (await own()).getDirectoryHandle(draft, { create: true })
      const handle = await into.getFileHandle(`${files++}`, { create: true })
      const writable = await handle.createWritable()
      return {
        write: (chunk) => writable.write(new Uint8Array(chunk)),
        async close() {
          await writable.close()
          return await handle.getFile()
        },
        abort: () => writable.abort(),
      }
    },
    async remove(draft) {
      // A page that has kept no stream has no folder.
      if (opened !== undefined) await removed(await opened, draft)
    },
  }
}

async function openFolder(folder: string, page: string): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory()
  const all = await root.getDirectoryHandle(folder, { create: true })
  const lockOf = (name: string) => `${folder}-${name}`
  // Taken before the folder is there, so that nobody takes it for one that was left; held until the page ends.
  await takeWebLock(lockOf(page))
  for await (const name of all.keys()) {
    await using left = await takeWebLock(lockOf(name))
    if (left !== undefined) await removed(all, name)
  }
  return await all.getDirectoryHandle(page, { create: true })
}

/** What the browser still holds of a stream that was broken off, for a moment after its end, goes with the page. */
async function removed(folder: FileSystemDirectoryHandle, name: string): Promise<void> {
  try {
    await folder.removeEntry(name, { recursive: true })
  } catch (error) {
    if (!/^No(tFound|Modif)/.test((error as DOMException).name)) throw error
  }
}
