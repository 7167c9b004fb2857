/** Where a stranger's answer does not fit, and what was expected there. */
import type * as z from 'zod/mini'

/** The first problem: `sequences.0: expected number`. */
export function problemOf({ issues: [issue] }: z.core.$ZodError): string {
  const where = issue?.path.join('.') || 'the answer'
  return `${where}: ${issue?.code === 'invalid_type' ? `expected ${issue.expected}` : issue?.message}`
}
