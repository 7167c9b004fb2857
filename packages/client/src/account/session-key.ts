/**
 * A session key of Web Cryptography (https://www.w3.org/TR/webcrypto-2/#ed25519): it can be used where it is kept, and read by
 * nobody, this program included.
 */
import type { Address, Hash, TypedMessage } from '@granary/protocol/messages'
import { concatBytes } from '@noble/hashes/utils.js'
import { SessionKeyUnsupportedError } from './wallet-errors.ts'

/** Where the keys of a page are kept, by the chain and the account that they sign for. */
export interface SessionKeys {
  read(genesisHash: Hash, account: Address): Promise<CryptoKeyPair | undefined>
  /** Kept unless there is one already. @returns the one that is there now */
  keep(genesisHash: Hash, account: Address, key: CryptoKeyPair): Promise<CryptoKeyPair>
}

/** @throws SessionKeyUnsupportedError */
export async function makeSessionKey(): Promise<CryptoKeyPair> {
  try {
    return (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair
  } catch (error) {
    throw new SessionKeyUnsupportedError(error)
  }
}

/** 32 bytes. */
export async function publicKeyOf({ publicKey }: CryptoKeyPair): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.exportKey('raw', publicKey))
}

/** The signature of a session key, with the key before it. */
export async function signBySession(key: CryptoKeyPair, { digest }: TypedMessage): Promise<Uint8Array> {
  const signature = await crypto.subtle.sign('Ed25519', key.privateKey, Uint8Array.from(digest))
  return concatBytes(await publicKeyOf(key), new Uint8Array(signature))
}
