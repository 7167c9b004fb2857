/**
 * CommP of a file by the kernel: natively off the event loop, on a core of its own, so that several pieces are committed
 * to at once by calling it several times. Node only.
 */
import { open } from 'node:fs/promises'
import { GranaryError } from '@granary/base'
import { openKernel } from '../kernel/open-kernel.ts'
import type { PieceCommitment } from '../spec/piece-hasher.ts'

export interface CommitPieceFileOptions {
  /** Cores for this one file; it must then be a regular one, read from its beginning. @default 1 */
  readonly threads?: number | undefined
  /** Stops within a tenth of a second. */
  readonly signal?: AbortSignal | undefined
  /** Bytes of payload done, now and then. */
  readonly onProgress?: ((doneBytes: number) => void) | undefined
}

export class FileUnreadableError extends GranaryError {
  constructor(path: string, why: string, cause?: unknown) {
    super({
      code: 'FILE_UNREADABLE',
      message: `${path} ${why}`,
      hint: 'give the path of a file that exists and that you may read',
      details: { path },
      cause,
    })
  }
}

/**
 * Constant memory (a few MiB a thread), any length, 0 included. Rejects with the signal's reason when aborted.
 * @param file a path, or a file descriptor: that is read from where it stands to its end and stays open
 * @throws FileUnreadableError FILE_UNREADABLE, KernelError KERNEL_FAILED, KernelChoiceError KERNEL_UNAVAILABLE
 */
export async function commitPieceFile(
  file: string | number,
  options: CommitPieceFileOptions = {},
): Promise<PieceCommitment> {
  options.signal?.throwIfAborted()
  const { kernel } = openKernel()
  if (typeof file === 'number') return await kernel.commitPayload({ fd: file, ...options })
  await using handle = await open(file).catch((cause: NodeJS.ErrnoException) => {
    throw new FileUnreadableError(file, `cannot be opened (${cause.code})`, cause)
  })
  if ((await handle.stat()).isDirectory()) throw new FileUnreadableError(file, 'is a folder')
  return await kernel.commitPayload({ fd: handle.fd, ...options })
}
