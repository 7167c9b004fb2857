/** `addressOf` by OpenSSL, for who has only just started: what JavaScript makes first of the curve takes 25 ms. */
import { createECDH } from 'node:crypto'
import { type Address, addressOfPoint } from '@granary/protocol/messages'

/** @param key 32 bytes @throws when they are no key of the curve */
export function addressOfKey(key: Uint8Array): Address {
  const pair = createECDH('secp256k1')
  pair.setPrivateKey(key)
  return addressOfPoint(pair.getPublicKey())
}
