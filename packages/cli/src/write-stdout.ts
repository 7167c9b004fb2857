/** Bytes to standard output, as fast as they are taken from there. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ProgramContext } from './program-context.ts'

export async function writeStdout(
  { stdout }: Pick<ProgramContext, 'stdout'>,
  bytes: AsyncIterable<Uint8Array>,
): Promise<void> {
  try {
    await pipeline(Readable.from(bytes, { objectMode: false }), stdout, { end: false })
  } catch (error) {
    // Who reads has had enough, as `head` does.
    if ((error as { code?: unknown }).code !== 'EPIPE') throw error
  }
}
