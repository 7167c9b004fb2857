/** An address that a person has typed or pasted. */
import { GranaryError } from '@granary/base'
import { type Address, parseAddress } from '@granary/protocol/messages'
import { UsageError } from '../../usage-error.ts'
import { looksLikeKey } from './looks-like-key.ts'

/** @throws UsageError */
export function readAddress(text: string): Address {
  if (looksLikeKey(text))
    throw new UsageError(
      'that is no address, and perhaps a private key; arguments are seen by other programs, and kept by the shell',
      'if it is one, move its money to a new key; an address has 40 hex digits, as `granary wallet address` shows it',
    )
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
