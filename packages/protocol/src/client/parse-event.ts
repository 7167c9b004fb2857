/** An event as it comes from a node, whoever runs that. */
import { type StreamEvent, streamEvent } from '../events/chain-event.ts'
import { ChainAnswerError } from './errors.ts'

/**
 * @returns undefined for a type that only a newer node knows: nobody here waits for it
 * @throws ChainAnswerError for a known type in another form
 */
export function parseEvent(url: string, json: unknown): StreamEvent | undefined {
  const parsed = streamEvent.safeParse(json)
  if (parsed.success) return parsed.data
  const isUnknown = parsed.error.issues.some(({ code, path }) => code === 'invalid_union' && path.join() === 'type')
  if (isUnknown) return undefined
  throw new ChainAnswerError(url, 200)
}
