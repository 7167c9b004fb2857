/** Who read what is written. */

/**
 * A reader that has gone away is no error of a write: a pipe's (`granary deals | head -1`), and a terminal, whose signal stops what
 * runs, in order.
 */
export function isReaderGone(stream: { readonly isTTY?: boolean }, { code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || (code === 'EIO' && stream.isTTY === true)
}
