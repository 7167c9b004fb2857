/**
 * A devnet's keys hold play money and are opened without a person at the keyboard, so their passphrase stands in a file
 * beside them. Only for a devnet of this machine: the caller sees to that, since another node may call itself one.
 */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readSecretFile } from './read-secret-file.ts'
import { writeNewFile } from './write-new-file.ts'

/** Reads `<folder>/passphrase`, made with 256 random bits at first use. */
export async function devnetPassphrase(folder: string): Promise<string> {
  const path = join(folder, 'passphrase')
  // Nothing is written when it is there: the disk may be full.
  if (!existsSync(path)) await writeNewFile(path, `${randomBytes(32).toString('base64url')}\n`)
  return (await readSecretFile(path)).text.trim()
}
