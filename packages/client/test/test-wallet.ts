/** A wallet as a page finds one, with one key, and MetaMask's own signing behind it. */
import { toHex } from '@granary/base'
import { type Address, addressOf } from '@granary/protocol/messages'
import { SignTypedDataVersion, signTypedData } from '@metamask/eth-sig-util'
import type { WalletProvider } from '../src/account/wallet-signer.ts'

export interface TestWallet extends WalletProvider {
  readonly address: Address
  /** Methods that it was asked for. */
  readonly asked: string[]
  /** What its person has signed. */
  readonly signed: { readonly primaryType: string; readonly message: Readonly<Record<string, unknown>> }[]
  /** Accounts that it shows a page, the chosen one first. */
  accounts: Address[]
  /** What is answered to the next signature instead of one. */
  answer?: () => unknown
}

/** An error as EIP-1193 has them: an object with a code. */
export function rpcError(code: number, message: string): Error {
  return Object.assign(new Error(message), { code })
}

export function testWallet(privateKey: Uint8Array): TestWallet {
  const address = addressOf(privateKey)
  /** Typed data names the key that signs it; that of another account is not given to a page. */
  function sign(account: unknown, json: unknown): string {
    if (!wallet.accounts.includes(String(account) as Address)) {
      throw rpcError(4100, 'The requested account and/or method has not been authorized by the user.')
    }
    const data = JSON.parse(String(json))
    wallet.signed.push({ primaryType: data.primaryType, message: data.message })
    return signTypedData({ privateKey: Buffer.from(privateKey), data, version: SignTypedDataVersion.V4 })
  }
  const wallet: TestWallet = {
    address,
    asked: [],
    signed: [],
    accounts: [],
    async request({ method, params = [] }) {
      wallet.asked.push(method)
      if (method === 'eth_accounts') return wallet.accounts.map(checksummed)
      if (method === 'eth_requestAccounts') {
        wallet.accounts = [address]
        return wallet.accounts.map(checksummed)
      }
      if (method !== 'eth_signTypedData_v4') throw rpcError(4200, `${method} is not known`)
      const { answer } = wallet
      delete wallet.answer
      return answer === undefined ? sign(params[0], params[1]) : answer()
    },
  }
  return wallet
}

/** Wallets write some letters of an address large: which ones is of no matter to who reads it. */
function checksummed(account: Address): string {
  return `0x${account.slice(2).replace(/^[a-f]/g, (letter) => letter.toUpperCase())}`
}

/** Any other account. */
export function otherAccount(): Address {
  return toHex(crypto.getRandomValues(new Uint8Array(20)))
}
