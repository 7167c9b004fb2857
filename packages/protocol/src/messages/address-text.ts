/**
 * An address as people pass it on: lower case on the chain, and with the checksum of ERC-55 in its upper-case letters where it
 * is shown, so that one letter that was mistyped is found before money goes there. https://eips.ethereum.org/EIPS/eip-55
 */
import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { type Address, MessageInvalidError } from '../codec/types.ts'

export function formatAddress(address: Address): string {
  const digits = address.slice(2)
  const hash = bytesToHex(keccak_256(utf8ToBytes(digits)))
  return `0x${[...digits].map((digit, i) => (Number.parseInt(hash[i]!, 16) >= 8 ? digit.toUpperCase() : digit)).join('')}`
}

/** All in one case, it has no checksum to look at. @throws MessageInvalidError */
export function parseAddress(text: string): Address {
  const trimmed = text.trim()
  if (!/^0x[0-9a-fA-F]{40}$/.test(trimmed))
    throw new MessageInvalidError('address', 'an address: 0x and 40 hex digits', text)
  const address = `0x${trimmed.slice(2).toLowerCase()}` as const
  const isOneCase = /^0x([0-9a-f]*|[0-9A-F]*)$/.test(trimmed)
  if (!isOneCase && trimmed !== formatAddress(address))
    throw new MessageInvalidError('address', 'an address whose checksum is right (a letter of it is wrong)', text)
  return address
}
