/** The key of a validator, as `granary chain init` wrote it into a home. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { GranaryError, type Hex, toHex } from '@granary/base'
import { sessionSigner } from '@granary/protocol/messages'
import { hexToBytes } from '@noble/hashes/utils.js'

export interface ValidatorKey {
  readonly publicKey: Uint8Array
  sign(digest: Uint8Array): Uint8Array
}

const NOBODY = `0x${'00'.repeat(20)}` as const

export function keyFile(home: string): string {
  return join(home, 'chain', 'validator.key')
}

/** @throws GranaryError KEY_INVALID */
export function readValidatorKey(path: string): ValidatorKey {
  const seed = hexToBytes(textOf(path))
  // As a session key of nobody: its signatures stand behind the key.
  const { publicKey, sign } = sessionSigner(seed, NOBODY)
  return { publicKey, sign: (digest) => sign({ digest }).subarray(publicKey.length) }
}

export function hexOf({ publicKey }: ValidatorKey): Hex {
  return toHex(publicKey)
}

/** @throws GranaryError KEY_INVALID */
export function publicKeyOf({ validator }: { readonly validator?: Hex }, home: string): Hex {
  return validator ?? hexOf(readValidatorKey(keyFile(home)))
}

function textOf(path: string): string {
  let text = ''
  try {
    text = readFileSync(path, 'utf8').trim()
  } catch (error) {
    if (!Error.isError(error) || !('code' in error) || error.code !== 'ENOENT') throw error
  }
  if (/^[0-9a-f]{64}$/.test(text)) return text
  throw new GranaryError({
    code: 'KEY_INVALID',
    message: `${path} is missing, or is not a key of 64 hex digits`,
    hint: 'name the validator with --validator, or the home of its node with --home; `granary chain init` writes its key',
    details: { path },
  })
}
