/**
 * Another key for the daemon. It is written before the chain is told of it, and the daemon uses it from the block on that has it
 * (chain/session-key.ts): whoever is killed in between, the same command goes on.
 */
import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { GranaryError, toHex } from '@granary/base'
import { writeFileDurably } from '@granary/base/node'
import { createKey } from '@granary/chain/keystore'
import { type ChainClient, type ProviderView, type SessionKeyView, sendMessage } from '@granary/protocol/client'
import { AMOUNT_MAX, daemonScopes, type Hash, type Signer } from '@granary/protocol/messages'
import { readRegistration, writeRegistration } from '../chain/registration.ts'
import { openSessionKey } from '../chain/session-key.ts'
import { sessionKeyOn } from '../market/agreement-chain.ts'
import { providerFolders } from '../storage/folders.ts'

/** What a key may spend, and until which epoch. */
export interface KeyBounds {
  readonly spendingLimit: bigint
  readonly expires: number
}

export interface NextKeyInput {
  readonly home: string
  /** Of the session key, and of the next one. */
  readonly passphrase: string
  readonly provider: ProviderView
  readonly light: boolean
  /** Which the chain is to give it; undefined: none. */
  readonly bounds: KeyBounds | undefined
}

export interface NextKey {
  readonly publicKey: Uint8Array
  /** Whether no daemon has taken it up yet. */
  isWaiting(): boolean
}

export class SessionKeyForeignError extends GranaryError {
  constructor(provider: ProviderView, home: string) {
    super({
      code: 'SESSION_KEY_FOREIGN',
      message: `the chain has the key ${provider.sessionKey} for provider ${provider.id}, and ${home} another`,
      hint: 'name the home of that provider with --home; where it is this one, start it: it tells the chain of its key',
      details: { provider: provider.id, home },
    })
  }
}

/**
 * Of the key that the daemon has: what it may still spend, and until when; of one that was to have bounds and has none, since the
 * command was killed before it gave them, those. undefined: without a bound.
 */
export async function keyBoundsOf(
  chain: ChainClient,
  provider: ProviderView,
  home: string,
): Promise<KeyBounds | undefined> {
  const { owner, sessionKey } = provider
  const key = sessionKey === null ? undefined : await sessionKeyOn(chain, owner, sessionKey)
  if (key === undefined) return undefined
  if (isEndless(key)) return await boundsMissing(home, key.publicKey)
  return { spendingLimit: BigInt(key.spendingLimit) - BigInt(key.spent), expires: key.expires }
}

function isEndless({ spendingLimit, expires }: SessionKeyView): boolean {
  return BigInt(spendingLimit) === AMOUNT_MAX && expires === Number.MAX_SAFE_INTEGER
}

/**
 * Makes the key, or takes the one that waits already, and writes into registration.json that the chain is to have it.
 * @throws KEYSTORE_MISSING, PASSPHRASE_WRONG, SessionKeyForeignError SESSION_KEY_FOREIGN, REGISTRATION_INVALID
 */
export async function makeNextKey({ home, passphrase, provider, light, bounds }: NextKeyInput): Promise<NextKey> {
  const folders = providerFolders(home)
  const { signer, isWaiting, wanted } = await openSessionKey(folders, passphrase, provider.owner)
  if (![signer.sessionKey, toHex(await wanted())].includes(provider.sessionKey ?? undefined))
    throw new SessionKeyForeignError(provider, home)
  if (!isWaiting()) await createKey(folders.nextSessionKey, passphrase, { light })
  const publicKey = await wanted()
  if (bounds !== undefined) await writeBounds(folders.nextKeyBounds, publicKey, bounds)
  if (existsSync(folders.registration)) {
    const registration = await readRegistration(folders.registration)
    await writeRegistration(folders.registration, { ...registration, sessionKey: publicKey })
  }
  return { publicKey, isWaiting }
}

async function writeBounds(path: string, publicKey: Uint8Array, bounds: KeyBounds): Promise<void> {
  const json = { publicKey: toHex(publicKey), spendingLimit: `${bounds.spendingLimit}`, expires: bounds.expires }
  await writeFileDurably(path, `${JSON.stringify(json)}\n`, 0o600)
}

/** What this key was to be given, and the chain may not have been told: UpdateProvider gives it all. */
export async function boundsMissing(home: string, publicKey: Hash): Promise<KeyBounds | undefined> {
  try {
    const json = JSON.parse(await readFile(providerFolders(home).nextKeyBounds, 'utf8'))
    if (json.publicKey !== publicKey) return undefined
    return { spendingLimit: BigInt(json.spendingLimit), expires: Number(json.expires) }
  } catch {
    // None, or none that can be read: the owner gives it bounds by `register`.
    return undefined
  }
}

export interface TellNextKeyInput {
  readonly home: string
  readonly chain: ChainClient
  /** The owner's. */
  readonly signer: Signer
  readonly provider: ProviderView
  readonly publicKey: Uint8Array
  /** The chain gives a new key none by itself. */
  readonly bounds: KeyBounds | undefined
  readonly signal?: AbortSignal | undefined
}

/** Everything else stays as the chain has it. */
export async function tellNextKey(input: TellNextKeyInput): Promise<void> {
  const { home, chain, signer, provider, publicKey, bounds, signal } = input
  const options = signal === undefined ? {} : { signal }
  const { id, payout, endpoints, peerId, region, name } = provider
  const told: Hash = toHex(publicKey)
  if (provider.sessionKey !== told) {
    const body = { provider: id, payout, sessionKey: publicKey, endpoints: [...endpoints], peerId, region, name }
    await sendMessage({ chain, signer, kind: 'UpdateProvider', body }, options)
  }
  if (bounds === undefined) return
  const body = { publicKey, scopes: [...daemonScopes], ...bounds }
  await sendMessage({ chain, signer, kind: 'AuthorizeKey', body }, options)
  await rm(providerFolders(home).nextKeyBounds, { force: true })
}
