/** What does not fit is refused by name before anything looks at it. */
import type * as z from 'zod'
import { RequestInvalidError } from './errors.ts'

/** @throws RequestInvalidError naming each field that does not fit */
export function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value ?? {})
  if (result.success) return result.data
  throw new RequestInvalidError(
    result.error.issues
      .slice(0, 10)
      .map(({ path, message }) => ({ field: path.join('.') || 'request', problem: message })),
  )
}
