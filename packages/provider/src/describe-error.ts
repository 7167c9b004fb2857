/** An error as a line of the log says it, a full or failing disk by its name. */
import { type ErrorCode, GranaryError } from '@granary/base'
import { diskFault } from './storage/disk-fault.ts'

export interface DescribedError {
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string
}

/** @param folder that it may have written to @param code of an error that has none that we know */
export function describeError(error: unknown, folder: string, code: ErrorCode): DescribedError {
  const named = diskFault(error, folder) ?? error
  if (GranaryError.is(named)) return { code: named.code, message: named.message, hint: named.hint }
  const hint = 'It is tried again by itself. If it stays, this is a defect of the provider: please report it.'
  return { code, message: Error.isError(named) ? named.message : String(named), hint }
}
