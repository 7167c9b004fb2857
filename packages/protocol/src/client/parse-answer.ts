/** What a node answered, by the declaration of what it was asked: whoever runs it, only that goes further. */
import { inEnglish } from '../operation/in-english.ts'
import type { NodeOperation, Parsed } from '../operation/operation.ts'
import { ChainAnswerError } from './errors.ts'

/**
 * @param url: that was asked
 * @throws ChainAnswerError naming the first field that is not as declared
 */
export function parseAnswer<O extends NodeOperation>(url: string, operation: O, json: unknown): Parsed<O> {
  const parsed = operation.answer.safeParse(json, inEnglish)
  if (parsed.success) return parsed.data as Parsed<O>
  const [issue] = parsed.error.issues
  throw new ChainAnswerError(url, 200, `${issue?.path.join('.')}: ${issue?.message}`)
}
