/**
 * An account whose key is in a wallet: https://eips.ethereum.org/EIPS/eip-1193. It shows a person what is to be signed, each time.
 */
import { fromHex, isHex } from '@granary/base'
import { type Address, type Signer, type TypedMessage, verifySigner } from '@granary/protocol/messages'
import {
  WalletAccountChangedError,
  WalletFailedError,
  WalletLockedError,
  WalletSignatureError,
  walletError,
} from './wallet-errors.ts'

/** What a page has as `window.ethereum`, or by EIP-6963. */
export interface WalletProvider {
  request(call: { readonly method: string; readonly params?: readonly unknown[] }): Promise<unknown>
}

/**
 * The account that is chosen in the wallet. The wallet asks its person only where it does not know the page yet.
 * @throws WalletRefusedError, WalletLockedError, WalletFailedError
 */
export async function connectWallet(wallet: WalletProvider): Promise<Address> {
  const [known] = await accountsOf(wallet, 'eth_accounts')
  if (known !== undefined) return known
  const [chosen] = await accountsOf(wallet, 'eth_requestAccounts')
  if (chosen === undefined) throw new WalletLockedError()
  return chosen
}

/** Each signature is one question of the wallet, `eth_signTypedData_v4`. */
export function walletSigner(wallet: WalletProvider, address: Address): Signer {
  return { address, sign: (message) => signByWallet(wallet, address, message) }
}

async function signByWallet(wallet: WalletProvider, address: Address, message: TypedMessage): Promise<Uint8Array> {
  let answer: unknown
  try {
    answer = await ask(wallet, 'eth_signTypedData_v4', [address, JSON.stringify(message.typedData())])
  } catch (error) {
    // Asked afterwards, so that a signature is one request; wallets name an account that is not theirs in many ways.
    if (!(error instanceof WalletFailedError || error instanceof WalletLockedError)) throw error
    await checkAccount(wallet, address, error)
    throw error
  }
  const signature = withRecoveryBit(answer)
  const signed = signature && verifySigner(message.digest, signature)
  if (signature !== undefined && signed?.type === 'account' && signed.address === address) return signature
  await checkAccount(wallet, address)
  throw new WalletSignatureError(address)
}

async function checkAccount(wallet: WalletProvider, address: Address, cause?: unknown): Promise<void> {
  const accounts = await accountsOf(wallet, 'eth_accounts')
  const [selected] = accounts
  if (selected === undefined) throw new WalletLockedError(cause)
  if (!accounts.includes(address)) throw new WalletAccountChangedError(address, selected, cause)
}

/** Wallets end a signature with 27 or 28, and some with 0 or 1. */
function withRecoveryBit(answer: unknown): Uint8Array | undefined {
  const text = typeof answer === 'string' ? answer.toLowerCase() : undefined
  if (!isHex(text, 65)) return undefined
  const signature = fromHex(text)
  const last = signature[64]!
  return last >= 27 ? signature.with(64, last - 27) : signature
}

async function accountsOf(wallet: WalletProvider, method: 'eth_accounts' | 'eth_requestAccounts'): Promise<Address[]> {
  const answer = await ask(wallet, method, [])
  const texts: readonly unknown[] = Array.isArray(answer) ? answer : []
  // Letters of an address may be large, for its checksum.
  const accounts = texts.map((text) => String(text).toLowerCase())
  if (!accounts.every((account) => isHex(account, 20))) {
    throw new WalletFailedError(method, new TypeError('it is no list of addresses'))
  }
  return accounts
}

async function ask(wallet: WalletProvider, method: string, params: readonly unknown[]): Promise<unknown> {
  try {
    return await wallet.request({ method, params })
  } catch (error) {
    throw walletError(method, error)
  }
}
