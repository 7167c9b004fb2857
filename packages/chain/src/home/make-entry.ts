/** The keys of a validator that is to be, and what the others are told of it. */
import { readFile } from 'node:fs/promises'
import { GranaryError, toHex } from '@granary/base'
import { createFile } from '@granary/base/node'
import type { Address } from '@granary/protocol/messages'
import { ed25519 } from '@noble/curves/ed25519.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { nodeIdOf } from '../engine/comet/comet-home.ts'
import { writeNewFile } from '../keystore/write-new-file.ts'
import { homeFiles } from './home-files.ts'
import { checkEntry, type NetworkEntry, signEntry } from './network-entry.ts'
import { readKey } from './read-home.ts'

export interface EntryOptions {
  readonly home: string
  /** For people: letters, digits, dashes. */
  readonly name: string
  readonly owner: Address
  /** Where other validators reach it. */
  readonly host: string
  readonly port: number
  /** The entry; no file is replaced. */
  readonly out: string
}

/** Keys that are there are kept. @throws GranaryError KEY_INVALID, NETWORK_INVALID, OUT_EXISTS */
export async function makeEntry({
  home,
  out,
  ...given
}: EntryOptions): Promise<NetworkEntry & { readonly path: string }> {
  const { validatorKey, nodeKey } = await nodeKeys(home)
  const validator = toHex(ed25519.getPublicKey(validatorKey))
  const made = signEntry({ ...given, validator, nodeId: nodeIdOf(nodeKey) }, validatorKey)
  const entry = checkEntry(made, out)
  await writePublic(out, entry)
  return { ...entry, path: out }
}

/** ed25519 seeds; made where there are none. */
export async function nodeKeys(
  home: string,
): Promise<{ readonly validatorKey: Uint8Array; readonly nodeKey: Uint8Array }> {
  const files = homeFiles(home)
  for (const path of [files.validatorKey, files.nodeKey])
    await writeNewFile(path, `${bytesToHex(ed25519.utils.randomSecretKey())}\n`)
  return { validatorKey: await readKey(files.validatorKey), nodeKey: await readKey(files.nodeKey) }
}

/** For others to read. */
export async function writePublic(path: string, value: object): Promise<void> {
  try {
    await createFile(path, (file) => file.writeFile(`${JSON.stringify(value, null, 2)}\n`), 0o644)
  } catch (error) {
    if (!Error.isError(error) || (error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new GranaryError({
      code: 'OUT_EXISTS',
      message: `${path} exists already`,
      hint: 'choose another name, or remove it',
      details: { path },
    })
  }
}

/** @throws GranaryError NETWORK_INVALID */
export async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    throw new GranaryError({
      code: 'NETWORK_INVALID',
      message: `${path} cannot be read: ${Error.isError(error) ? error.message : String(error)}`,
      hint: 'name a file that `granary chain entry` or `granary chain collect` has written',
      details: { path },
      cause: error,
    })
  }
}
