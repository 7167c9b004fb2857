/** Work that tells nothing but its result: while it lasts, people are told that it does. */
import { interruptible } from '../interruptible.ts'
import type { CommandContext } from '../program-context.ts'
import { createProgress, type Progress } from './progress.ts'

export type Told = Pick<Progress, 'rest'>

/** As `interruptible`. What is written before it ends is written after `rest`: what is drawn would take it away. */
export async function patiently<T>(
  context: CommandContext,
  work: (signal: AbortSignal, told: Told) => Promise<T>,
): Promise<T> {
  using progress = await createProgress(context, { form: context.json ? 'none' : 'text' })
  return await interruptible((signal) => work(signal, progress))
}

/** The same bytes: with the first of them nobody waits any more. */
export async function* restingAtFirst(bytes: AsyncIterable<Uint8Array>, told: Told): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    told.rest()
    yield chunk
  }
}
