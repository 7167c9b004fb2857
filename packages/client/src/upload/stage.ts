/** A source → its manifest in the spool, from which the bytes are read that providers get and the chain names. */
import { GranaryError } from '@granary/base'
import type { Manifest, Ports, Source, SpoolReadOptions } from '../ports.ts'

/** The same file is being put by another process, or twice in this one. */
export class PutRunningError extends GranaryError {
  constructor(name: string) {
    super({
      code: 'PUT_RUNNING',
      message: `${name} is being put already, by another run with the same home`,
      hint: 'wait for that one to end; if it is killed, the next put goes on where it was',
      details: { path: name },
    })
  }
}

export interface Staged extends Manifest, AsyncDisposable {}

/**
 * The result holds the lock of its root CID until it is disposed of; then what was read goes as well, whatever came of it: the
 * next put of it reads it anew, and a stream that was only priced, or declined, would stay on the disk for ever.
 * @throws PutRunningError, and what reading throws
 */
export async function stage<S extends Source>(
  { spool, lock }: Pick<Ports<S>, 'spool' | 'lock'>,
  source: S,
  options: SpoolReadOptions,
): Promise<Staged> {
  const draft = spool.nameOf(source)
  await using draftLock = await lock.take(draft)
  if (!draftLock) throw new PutRunningError(source.name)
  const manifest = await spool.read(draft, source, options)
  const rootLock = await lock.take(manifest.rootCid)
  if (!rootLock) throw new PutRunningError(source.name)
  try {
    await spool.keep(draft, manifest.rootCid)
    return {
      ...manifest,
      async [Symbol.asyncDispose]() {
        try {
          await spool.remove(manifest.rootCid)
        } finally {
          await rootLock[Symbol.asyncDispose]()
        }
      },
    }
  } catch (error) {
    await rootLock[Symbol.asyncDispose]()
    throw error
  }
}
