/** What a schema found wrong, in one line: each field and what was expected of it. */
import type * as z from 'zod'

export function describeIssues(error: z.core.$ZodError): string {
  return error.issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': ')).join('; ')
}
