/** A spool in a folder: each CAR a file, which appears under its name when it is whole and on the disk. */
import { createHash } from 'node:crypto'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { packFile } from '@granary/content/node'
import type { PieceSource, Spool } from '../ports.ts'
import type { FileSource } from './file-source.ts'

/** @param folder made with the first CAR */
export function fileSpool(folder: string): Spool<FileSource> {
  const pathOf = (name: string) => join(folder, `${name}.car`)
  return {
    // The root is known only after packing, so the first name is that of the path.
    nameOf: ({ path }) => createHash('sha256').update(path).digest('hex').slice(0, 32),
    async read(name, { path }, options) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await removeLeftovers(folder, name)
      const { rootCid, fileBytes, blocks, payloadSize, pieceSize } = await packFile(path, pathOf(name), options)
      return { rootCid, fileBytes, blocks, pieces: [{ payloadSize, pieceSize }] }
    },
    keep: (name, rootCid) => rename(pathOf(name), pathOf(rootCid)),
    open: (rootCid) => openCar(pathOf(rootCid)),
    remove: (rootCid) => rm(pathOf(rootCid), { force: true }),
  }
}

/** What a kill in the middle of packing has left: nobody else writes under this name while its lock is held. */
async function removeLeftovers(folder: string, draft: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(`${draft}.car`)) await rm(join(folder, name), { force: true })
  }
}

async function openCar(path: string): Promise<PieceSource & AsyncDisposable> {
  const file = await open(path, 'r')
  const { size } = await file.stat()
  return {
    size,
    async read(start, end) {
      const bytes = new Uint8Array(end - start)
      let done = 0
      while (done < bytes.length) {
        const { bytesRead } = await file.read(bytes, done, bytes.length - done, start + done)
        if (bytesRead === 0) throw new RangeError(`${path} ends at ${start + done}, ${end} was expected`)
        done += bytesRead
      }
      return bytes
    },
    [Symbol.asyncDispose]: () => file.close(),
  }
}
