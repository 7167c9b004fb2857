/** What a script sees: listed in each command's --help. */
import { GranaryError, isAbortError } from '@granary/base'

export const EXIT = { ok: 0, failed: 1, usage: 2, partial: 3, funds: 4, network: 5, interrupted: 130 } as const

export const exitCodesHelp = `
Exit codes:
  0 done   1 failed   2 wrong arguments   3 partly done   4 key, passphrase or money   5 chain or provider   130 interrupted`

const USAGE: ReadonlySet<string> = new Set([
  'USAGE',
  'CID_INVALID',
  'CHAIN_URL_INVALID',
  'LABEL_TOO_LONG',
  'MESSAGE_INVALID',
  'SIM_OPTIONS_INVALID',
])

const FUNDS: ReadonlySet<string> = new Set([
  'CLIENT_FUNDS_INSUFFICIENT',
  'INSUFFICIENT_FUNDS',
  'FAUCET_EXHAUSTED',
  'FAUCET_LIMIT',
  'KEYSTORE_EXISTS',
  'KEYSTORE_INVALID',
  'KEYSTORE_MISSING',
  'LOGIN_REFUSED',
  'PASSPHRASE_MISSING',
  'PASSPHRASE_WRONG',
  'UNAUTHORIZED',
])

const NETWORK: ReadonlySet<string> = new Set([
  'CHAIN_ANSWER_INVALID',
  'CHAIN_BEHIND',
  'CHAIN_FOREIGN',
  'CHAIN_UNREACHABLE',
  'COLLATERAL_SHORT',
  'DEAL_ENDED',
  'DEAL_FORGOTTEN',
  'DEAL_LAPSED',
  'NO_PROVIDER',
  'NO_SPACE',
  'OFFERS_FULL',
  'PRICE_CHANGED',
  'PROVIDER_ANSWER_INVALID',
  'PROVIDER_SIGNATURE_INVALID',
  'PROVIDER_UNREACHABLE',
  'QUOTA_EXCEEDED',
  'QUOTE_MISMATCH',
  'RETRIEVAL_FAILED',
  'TERMS_MISMATCH',
])

export function exitCodeOf(error: unknown): number {
  if (isAbortError(error)) return EXIT.interrupted
  if (!GranaryError.is(error)) return EXIT.failed
  if (error.code === 'INTERRUPTED') return EXIT.interrupted
  if (USAGE.has(error.code)) return EXIT.usage
  if (FUNDS.has(error.code)) return EXIT.funds
  if (NETWORK.has(error.code)) return EXIT.network
  return EXIT.failed
}
