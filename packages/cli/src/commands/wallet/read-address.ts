/** An address that a person has typed or pasted. */
import { GranaryError } from '@granary/base'
import { type Address, parseAddress } from '@granary/protocol/messages'
import { UsageError } from '../../usage-error.ts'

/** @throws UsageError */
export function readAddress(text: string): Address {
  try {
    return parseAddress(text)
  } catch (error) {
    if (!GranaryError.is(error)) throw error
    throw new UsageError(
      error.message,
      'copy the whole address from where it is shown, such as `granary wallet address`',
    )
  }
}
