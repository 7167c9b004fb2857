/** The account that pays: its key is made at first use, and a devnet's faucet fills it. */
import { join } from 'node:path'
import { GranaryError } from '@granary/base'
import { addressOfKey, createKey, readKey, readKeyAddress } from '@granary/chain/keystore'
import { type Address, accountSigner, type Signer } from '@granary/protocol/messages'
import type { OpenChain } from './open-chain.ts'
import { passphraseOf } from './passphrase.ts'

export interface OpenSignerInput extends OpenChain {
  /** `<home>/client`. */
  readonly folder: string
  readonly passphraseFile?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** @throws PassphraseMissingError, PassphraseWrongError, KeystoreInvalidError */
export async function openSigner(input: OpenSignerInput): Promise<Signer> {
  const { folder, passphraseFile, chain, status, devnet, signal } = input
  const passphrase = await passphraseOf({ passphraseFile, devnet, folder, signal })
  const path = join(folder, 'keystore.json')
  // A devnet's passphrase has 256 random bits: stretching it would cost a second and add nothing.
  const key = await keyAt(path, passphrase, devnet && passphraseFile === undefined)
  const signer = accountSigner(key, addressOfKey(key))
  if (status.devnet && BigInt((await chain.account(signer.address, { signal })).balance) === 0n) {
    await chain.faucet(signer.address, { signal })
  }
  return signer
}

export interface FoundAccount {
  readonly address: Address
  /** Absent while nobody opens the key. */
  readonly signer?: Signer
}

/**
 * The account of this folder, for whoever only looks: no key is made, and without a passphrase the address alone is known.
 * undefined: there is no key here. @throws PassphraseMissingError, PassphraseWrongError, KeystoreInvalidError
 */
export async function findAccount(
  input: Omit<OpenSignerInput, 'chain' | 'status' | 'signal'>,
): Promise<FoundAccount | undefined> {
  const { folder, passphraseFile, devnet } = input
  const path = join(folder, 'keystore.json')
  const address = await readKeyAddress(path).catch((error: unknown) => {
    if (GranaryError.is(error) && error.code === 'KEYSTORE_MISSING') return null
    throw error
  })
  if (address === null) return undefined
  const isNamed = passphraseFile !== undefined
  const openKey = async () => await readKey(path, await passphraseOf({ passphraseFile, devnet, folder }))
  if (address !== undefined && !isNamed && !devnet) return { address }
  const key = await openKey().catch((error: unknown) => {
    // Of another chain, or its passphrase is elsewhere; and on this devnet nobody named the file that opens it.
    if (address !== undefined && !isNamed && GranaryError.is(error) && NOT_OPENED.has(error.code)) return undefined
    throw error
  })
  if (key === undefined) return address === undefined ? undefined : { address }
  const signer = accountSigner(key, addressOfKey(key))
  return { address: signer.address, signer }
}

const NOT_OPENED: ReadonlySet<string> = new Set(['PASSPHRASE_MISSING', 'PASSPHRASE_WRONG'])

async function keyAt(path: string, passphrase: string, light: boolean): Promise<Uint8Array> {
  try {
    return await readKey(path, passphrase)
  } catch (error) {
    if (!GranaryError.is(error) || error.code !== 'KEYSTORE_MISSING') throw error
  }
  try {
    return await createKey(path, passphrase, { light })
  } catch (error) {
    // Two first uses at the same time: the other one's key is the key.
    if (GranaryError.is(error) && error.code === 'KEYSTORE_EXISTS') return await readKey(path, passphrase)
    throw error
  }
}
