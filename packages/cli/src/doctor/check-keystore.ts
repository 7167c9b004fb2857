/** The key that pays: whether it is there, and whether others can read it or what opens it. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { GranaryError } from '@granary/base'
import { readKeyAddress } from '@granary/chain/keystore'
import type { Finding } from './finding.ts'

export interface KeystoreInput {
  readonly home: string
  readonly passphraseFile?: string | undefined
}

const OTHERS = 0o077

/** Its address where there is one. */
export async function checkKeystore({ home, passphraseFile }: KeystoreInput): Promise<readonly Finding[]> {
  const path = join(home, 'client', 'keystore.json')
  const files = [path, join(home, 'client', 'passphrase'), ...(passphraseFile === undefined ? [] : [passphraseFile])]
  const open = (await Promise.all(files.map(readableByOthers))).flat()
  return [await keyOf(path), ...open]
}

async function keyOf(path: string): Promise<Finding> {
  const check = 'keystore'
  try {
    const address = await readKeyAddress(path)
    return {
      check,
      state: 'ok',
      says: `${address ?? 'an account without its address'} in ${path}`,
      details: { path, address },
    }
  } catch (error) {
    if (!GranaryError.is(error)) throw error
    if (error.code === 'KEYSTORE_MISSING') {
      const fix = 'nothing, to fetch content; to store some, `granary put FILE` makes a key'
      return { check, state: 'note', says: `no key yet in ${path}`, fix, details: { path } }
    }
    return { check, state: 'wrong', says: error.message, fix: error.hint, code: error.code, details: { path } }
  }
}

/** A finding for a file that others can read; none for one that is not there. */
export async function readableByOthers(path: string): Promise<Finding[]> {
  const mode = await stat(path).then(
    (found) => found.mode,
    () => undefined,
  )
  if (mode === undefined || process.platform === 'win32' || (mode & OTHERS) === 0) return []
  const says = `${path} can be read by others (mode ${(mode & 0o777).toString(8)})`
  return [
    { check: 'keystore', state: 'wrong', says, fix: `chmod 600 ${path}`, code: 'KEYSTORE_INVALID', details: { path } },
  ]
}
