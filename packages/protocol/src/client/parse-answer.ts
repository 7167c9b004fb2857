/** What a node answered, by the declaration of what it was asked: whoever runs it, only that goes further. */
import type { NodeOperation, Parsed } from '../operation/operation.ts'
import { problemOf } from '../operation/problem-of.ts'
import { ChainAnswerError } from './errors.ts'

/**
 * @param url: that was asked
 * @throws ChainAnswerError naming the first field that is not as declared
 */
export function parseAnswer<O extends NodeOperation>(url: string, operation: O, json: unknown): Parsed<O> {
  const parsed = operation.answer.safeParse(json)
  if (parsed.success) return parsed.data as Parsed<O>
  throw new ChainAnswerError(url, 200, problemOf(parsed.error))
}
