/**
 * An account in a wallet that is asked once: it allows a key of the page, and this one signs all that a put needs. What no
 * session key may sign goes to the wallet. docs/adr/0055-one-question-of-a-wallet.md.
 */
import { GranaryError, toHex, unlessAborted } from '@granary/base'
import { type ChainClient, estimateFee } from '@granary/protocol/client'
import { type AttoGrn, formatGrn, type Hash, scopeOf, type TypedMessage } from '@granary/protocol/messages'
import type { CallOptions } from '../call-options.ts'
import type { Duration } from '../duration.ts'
import type { Account } from '../ports.ts'
import { type Authorized, authorizeKey, clientScopes } from './authorize-key.ts'
import { makeSessionKey, publicKeyOf, type SessionKeys, signBySession } from './session-key.ts'
import { WalletChainChangedError } from './wallet-errors.ts'
import { connectWallet, type WalletProvider, walletSigner } from './wallet-signer.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** A person reads before they sign, and may have to find their wallet. */
const ANSWER_MS = 10 * 60_000

/** What the wallet's person allows the page. */
export interface WalletGrant {
  /** attoGRN that may leave the account by the page's key, fees included, until it is allowed anew. */
  readonly spendingLimit: AttoGrn
  /** How long the key may sign. @default a day */
  readonly validFor?: Duration | undefined
}

/** An account that a wallet holds, and for which a key of the page signs. */
export interface WalletAccount extends Account {
  /** The page's public key, by which `revokeKey` takes back what it may. */
  readonly sessionKey: Hash
  /** Asks the wallet for the whole time and limit once more, as after SPENDING_LIMIT_REACHED. */
  authorize(options?: CallOptions): Promise<Authorized>
}

export interface OpenWalletAccountInput extends WalletGrant {
  readonly chain: ChainClient
  readonly wallet: WalletProvider
  readonly keys: SessionKeys
}

/** @throws the errors of wallet-errors.ts; INSUFFICIENT_FUNDS before the wallet is asked; what the chain refuses */
export async function openWalletAccount(
  input: OpenWalletAccountInput,
  options: CallOptions = {},
): Promise<WalletAccount> {
  const { chain, wallet, keys, spendingLimit, validFor = { ms: DAY_MS } } = input
  const address = await unlessAborted(connectWallet(wallet), options.signal)
  const { genesisHash, height, blockTimeMs } = await chain.status(options)
  // Kept before it is allowed: a key that may sign and that nobody has any more would be of no use.
  const kept = await keys.read(genesisHash, address)
  const key = kept ?? (await keys.keep(genesisHash, address, await makeSessionKey()))
  const sessionKey = toHex(await publicKeyOf(key))
  const owner = walletSigner(wallet, address)

  const authorize = async (call: CallOptions = {}) => {
    const grant = { publicKey: sessionKey, scopes: clientScopes, validFor, spendingLimit }
    await checkFee(chain, address, call)
    return await authorizeKey({ ...grant, chain, signer: owner, answerMs: ANSWER_MS }, call)
  }
  const allowed = await allowanceOf(chain, address, sessionKey, options)
  const leftMs = ((allowed?.expires ?? 0) - height) * blockTimeMs
  const isAllowed =
    allowed !== undefined &&
    leftMs >= Math.min(HOUR_MS, validFor.ms / 2) &&
    BigInt(allowed.spendingLimit) === spendingLimit &&
    clientScopes.every((scope) => allowed.scopes.includes(scope))
  if (!isAllowed) await authorize(options)

  const sign = async (message: TypedMessage) => {
    if (message.genesisHash !== genesisHash) throw new WalletChainChangedError(genesisHash, message.genesisHash)
    return clientScopes.includes(scopeOf(message)) ? signBySession(key, message) : owner.sign(message)
  }
  return { address, sessionKey, sign, authorize }
}

async function allowanceOf(chain: ChainClient, address: Hash, key: Hash, options: CallOptions) {
  try {
    return await chain.sessionKey(address, key, options)
  } catch (error) {
    if (GranaryError.is(error) && error.code === 'KEY_NOT_FOUND') return undefined
    throw error
  }
}

/** Nobody is asked to sign what the chain would refuse for want of its fee. */
async function checkFee(chain: ChainClient, address: Hash, options: CallOptions): Promise<void> {
  const body = { publicKey: new Uint8Array(32), scopes: clientScopes, expires: 2 ** 32, spendingLimit: 2n ** 100n }
  const [{ feeMax }, account] = await Promise.all([
    estimateFee({ chain, kind: 'AuthorizeKey', body }, options),
    chain.account(address, options),
  ])
  if (BigInt(account.balance) >= feeMax) return
  throw new GranaryError({
    code: 'INSUFFICIENT_FUNDS',
    message: `${address} has ${formatGrn(BigInt(account.balance))}, and to allow this page's key may cost ${formatGrn(feeMax)}`,
    hint: `send money to ${address} first`,
    details: { address, needed: `${feeMax}`, balance: account.balance },
  })
}
