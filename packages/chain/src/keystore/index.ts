/** `@granary/chain/keystore`: keys at rest, in the Web3 Secret Storage v3 form that other wallets read. Node only. */
export { addressOfKey } from './address-of-key.ts'
export { createKey, KeystoreExistsError, writeKey } from './create-key.ts'
export { devnetPassphrase } from './devnet-passphrase.ts'
export {
  KeystoreInvalidError,
  KeystoreMissingError,
  openKey,
  PassphraseWrongError,
  readKey,
  readKeyAddress,
} from './read-key.ts'
export { NoSecretFileError, readSecretFile } from './read-secret-file.ts'
export { writeNewFile } from './write-new-file.ts'
