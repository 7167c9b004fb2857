/** A check that fails is a finding: the others are worth knowing all the same. */
import type { GranaryError } from '@granary/base'
import type { Finding } from './finding.ts'

export function unanswered(check: string, { message, hint, code }: GranaryError): Finding {
  return { check, state: 'wrong', says: message, fix: hint, code }
}
