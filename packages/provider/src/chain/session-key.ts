/**
 * The daemon's key, and the one that takes its place. `session.next.json` is written before the chain is told of it, and becomes
 * `session.json` once the chain has it: whenever a process ends, one of the two files holds the key that the chain takes
 * (docs/adr/0091-a-key-that-waits.md).
 */
import { createPrivateKey, sign } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncFolder } from '@granary/base/node'
import { KeystoreMissingError, openKey } from '@granary/chain/keystore'
import { type Address, type Hash, type Signer, sessionSigner } from '@granary/protocol/messages'
import type { ProviderFolders } from '../storage/folders.ts'

type SessionSigner = ReturnType<typeof sessionSigner>

export interface SessionKey {
  /** Signs with the key in use, also where that is another one than when the signer was handed out. */
  readonly signer: Signer & { readonly publicKey: Uint8Array }
  /** Whether another key is there that the chain did not have when it was last asked. */
  isWaiting(): boolean
  /** The key that the chain is to have: the one that waits, where there is one. @throws PASSPHRASE_WRONG, KEYSTORE_INVALID */
  wanted(): Promise<Uint8Array>
  /**
   * Uses the key that waits, once the chain has it. By the process that holds the home alone.
   * @returns whether it is another key than before @throws PASSPHRASE_WRONG, KEYSTORE_INVALID
   */
  follow(onChain: Hash | null): Promise<boolean>
}

type Paths = Pick<ProviderFolders, 'sessionKey' | 'nextSessionKey'>

/** @throws KEYSTORE_MISSING, KEYSTORE_INVALID, PASSPHRASE_WRONG */
export async function openSessionKey(paths: Paths, passphrase: string, account: Address): Promise<SessionKey> {
  const opened = new Map<string, { readonly text: string; readonly signer: SessionSigner }>()
  const inUse = await open(paths.sessionKey)
  if (inUse === undefined) throw new KeystoreMissingError(paths.sessionKey)
  let current = inUse

  /** To open one takes a tenth of a second: once for each file. */
  async function open(path: string): Promise<SessionSigner | undefined> {
    const text = await textOf(path)
    if (text === undefined) return undefined
    const known = opened.get(path)
    if (known?.text === text) return known.signer
    const signer = fastSigner(await openKey(path, text, passphrase), account)
    opened.set(path, { text, signer })
    return signer
  }

  return {
    signer: {
      address: current.address,
      get publicKey() {
        return current.publicKey
      },
      get sessionKey() {
        return current.sessionKey
      },
      sign: (message) => current.sign(message),
    },
    isWaiting: () => existsSync(paths.nextSessionKey),
    wanted: async () => ((await open(paths.nextSessionKey)) ?? current).publicKey,
    follow: async (onChain) => {
      const next = await open(paths.nextSessionKey)
      if (next === undefined || next.sessionKey !== onChain) return false
      const isOther = next.sessionKey !== current.sessionKey
      // First of all it signs: a disk that takes no other name holds no proof up.
      current = next
      await rename(paths.nextSessionKey, paths.sessionKey)
      await syncFolder(dirname(paths.sessionKey))
      return isOther
    },
  }
}

/** Of a seed in PKCS #8 (RFC 8410). */
const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

/** The same signatures, in a tenth of the time: each quote has one, and nothing else goes on meanwhile. */
function fastSigner(seed: Uint8Array, account: Address): SessionSigner {
  const signer = sessionSigner(seed, account)
  const key = createPrivateKey({ key: Buffer.concat([ED25519_PKCS8, seed]), format: 'der', type: 'pkcs8' })
  return { ...signer, sign: ({ digest }) => Uint8Array.of(...signer.publicKey, ...sign(null, digest, key)) }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}
