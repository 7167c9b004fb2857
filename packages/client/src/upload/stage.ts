/** A file → a CAR in the spool: the bytes that the provider gets and the chain names. */
import { GranaryError } from '@granary/base'
import type { CallOptions } from '../call-options.ts'
import type { Packed, Ports, Source } from '../ports.ts'

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

export interface Staged extends Packed, Disposable {}

/**
 * The result holds the lock of its root CID until it is disposed of.
 * @throws PutRunningError, and what packing throws
 */
export async function stage<S extends Source>(
  { spool, lock }: Pick<Ports<S>, 'spool' | 'lock'>,
  source: S,
  options: CallOptions,
): Promise<Staged> {
  const draft = spool.nameOf(source)
  using draftLock = lock.take(draft)
  if (!draftLock) throw new PutRunningError(source.name)
  const packed = await spool.pack(draft, source, options)
  const rootLock = lock.take(packed.rootCid)
  if (!rootLock) throw new PutRunningError(source.name)
  try {
    await spool.keep(draft, packed.rootCid)
  } catch (error) {
    rootLock[Symbol.dispose]()
    throw error
  }
  return { ...packed, [Symbol.dispose]: () => rootLock[Symbol.dispose]() }
}
