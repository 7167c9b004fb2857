/** A native job: its control, its signal, its progress, and its outcome as bytes or an error. */
import { type Addon, type Control, isFailure } from './addon.ts'
import { CheckpointError, KernelError } from './kernel.ts'

const PROGRESS_MS = 500

export async function runNative(
  addon: Addon,
  job: { signal?: AbortSignal | undefined; onProgress?: ((done: number) => void) | undefined },
  /** What failed is said of this file. */
  path: string,
  start: (control: Control) => Promise<Uint8Array | string>,
): Promise<Uint8Array> {
  const { signal, onProgress } = job
  signal?.throwIfAborted()
  const control = addon.control()
  const cancel = () => addon.cancel(control)
  signal?.addEventListener('abort', cancel)
  const timer = onProgress && setInterval(() => onProgress(addon.progress(control)), PROGRESS_MS)
  try {
    const outcome = await start(control)
    if (!isFailure(outcome)) return outcome
    signal?.throwIfAborted()
    if (outcome === 'use the checkpoint of') throw new CheckpointError(path)
    throw new KernelError(`${outcome} (${path})`)
  } finally {
    clearInterval(timer)
    signal?.removeEventListener('abort', cancel)
  }
}
