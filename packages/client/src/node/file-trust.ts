/** What is believed of chains, a file for each address that was asked. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder, writeFileDurably } from '@granary/base/node'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import type { TrustStore } from '../ports.ts'
import { parseTrustedChain, trustedChainText } from '../verify/trusted-chain.ts'

/** @param folder made at the first write */
export function fileTrust(folder: string): TrustStore {
  // An address may have any length and any letters.
  const pathOf = (chainUrl: string) => join(folder, `${bytesToHex(sha256(utf8ToBytes(chainUrl))).slice(0, 32)}.json`)
  return {
    async read(chainUrl) {
      const path = pathOf(chainUrl)
      const text = await readFile(path, 'utf8').catch(undefinedWhenMissing)
      return text === undefined ? undefined : parseTrustedChain(path, text)
    },
    async write(chainUrl, trusted) {
      await makeFolder(folder, 0o700)
      await writeFileDurably(pathOf(chainUrl), trustedChainText(chainUrl, trusted))
    },
  }
}

function undefinedWhenMissing(error: unknown): undefined {
  if ((error as { code?: unknown }).code === 'ENOENT') return undefined
  throw error
}
