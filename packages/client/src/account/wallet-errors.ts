/** What can go wrong with a wallet: by the codes of EIP-1193 and EIP-1474, and by what it answers. */
import { GranaryError } from '@granary/base'
import type { Address, Hash } from '@granary/protocol/messages'

/** WALLET_REFUSED: the person has said no. Nothing is signed. */
export class WalletRefusedError extends GranaryError {
  constructor(method: string, cause: unknown) {
    super({
      code: 'WALLET_REFUSED',
      message: `${method} was refused in the wallet`,
      hint: 'nothing was signed and nothing is paid: call again, and confirm in the wallet',
      details: { method },
      cause,
    })
  }
}

/** WALLET_LOCKED: the wallet shows this page no account. */
export class WalletLockedError extends GranaryError {
  constructor(cause?: unknown) {
    super({
      code: 'WALLET_LOCKED',
      message: 'the wallet is locked, or shows this page no account',
      hint: 'unlock the wallet, let it connect to this page, then call again',
      cause,
    })
  }
}

/** WALLET_ACCOUNT_CHANGED: the wallet does not show the account any more that this page has opened. */
export class WalletAccountChangedError extends GranaryError {
  constructor(address: Address, selected: Address, cause?: unknown) {
    super({
      code: 'WALLET_ACCOUNT_CHANGED',
      message: `the wallet is at ${selected}, and the page at ${address}`,
      hint: `choose ${address} in the wallet, or open the account anew`,
      details: { address, selected },
      cause,
    })
  }
}

/** WALLET_CHAIN_CHANGED: the account was opened on another chain than the one whose message is to be signed. */
export class WalletChainChangedError extends GranaryError {
  constructor(opened: Hash, asked: Hash) {
    super({
      code: 'WALLET_CHAIN_CHANGED',
      message: `the account was opened on the chain ${opened}, and this is for ${asked}`,
      hint: 'give account and client the same chain, or open the account anew',
      details: { opened, asked },
    })
  }
}

/** WALLET_SIGNATURE_INVALID: what the wallet answered is no signature of the account's key. */
export class WalletSignatureError extends GranaryError {
  constructor(address: Address) {
    super({
      code: 'WALLET_SIGNATURE_INVALID',
      message: `what the wallet answered is no signature of the key of ${address}`,
      hint: 'use an account that has a key of its own: the signatures of a contract are not taken',
      details: { address },
    })
  }
}

/** WALLET_FAILED: any other answer of a wallet that is an error. */
export class WalletFailedError extends GranaryError {
  constructor(method: string, cause: unknown) {
    const code = codeOf(cause)
    super({
      code: 'WALLET_FAILED',
      message: `the wallet answered ${method} with an error: ${textOf(cause)}`,
      hint: HINTS.get(code ?? 0) ?? 'look into the wallet, then call again',
      details: { method, code },
      cause,
    })
  }
}

/** SESSION_KEY_UNSUPPORTED: the page's browser makes no Ed25519 keys, or it is a page without a secure context. */
export class SessionKeyUnsupportedError extends GranaryError {
  constructor(cause: unknown) {
    super({
      code: 'SESSION_KEY_UNSUPPORTED',
      message: 'this page can not make a key to sign with: Web Cryptography has no Ed25519 here',
      hint: 'open the page by https:, in a browser that is no older than May 2025',
      cause,
    })
  }
}

const REFUSED = 4001
const UNAUTHORIZED = 4100
/** https://eips.ethereum.org/EIPS/eip-1193#provider-errors and https://eips.ethereum.org/EIPS/eip-1474#error-codes. */
const HINTS: ReadonlyMap<number, string> = new Map([
  [4200, 'use a wallet that knows eth_signTypedData_v4'],
  [-32601, 'use a wallet that knows eth_signTypedData_v4'],
  [4900, 'connect the wallet to a network, whichever: what is signed names none of them'],
  [4901, 'choose another network in the wallet, whichever: what is signed names none of them'],
  [-32002, 'a request of this page waits in the wallet: answer it there, then call again'],
])

/** What a wallet's rejection is here. */
export function walletError(method: string, cause: unknown): GranaryError {
  const code = codeOf(cause)
  if (code === REFUSED) return new WalletRefusedError(method, cause)
  if (code === UNAUTHORIZED) return new WalletLockedError(cause)
  return new WalletFailedError(method, cause)
}

function codeOf(error: unknown): number | undefined {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return typeof code === 'number' ? code : undefined
}

function textOf(error: unknown): string {
  const { message } = (error ?? {}) as { readonly message?: unknown }
  return typeof message === 'string' ? message : String(error)
}
