/** Lets a session key sign for the account, within scopes, a time and a limit; asked again, it replaces what was allowed. */
import { fromHex, GranaryError } from '@granary/base'
import { type ChainClient, sendMessage, type TxView } from '@granary/protocol/client'
import { epochTimeMs } from '@granary/protocol/epochs'
import {
  type AttoGrn,
  type Epoch,
  type Hash,
  isScope,
  LOGIN_SCOPE,
  type Signer,
  TERMS_SCOPE,
  transactions,
} from '@granary/protocol/messages'
import type { CallOptions } from '../call-options.ts'
import type { Duration } from '../duration.ts'
import { epochsOf } from '../epochs-of.ts'

/** A session key, what it may sign, for how long and for how much at most (attoGRN). */
export interface KeyGrant {
  /** ed25519, 32 bytes. */
  readonly publicKey: Hash
  /** Names of messages, {@link TERMS_SCOPE}, {@link LOGIN_SCOPE}. */
  readonly scopes: readonly string[]
  readonly validFor: Duration
  /** What may leave the account by this key, fees included. */
  readonly spendingLimit: AttoGrn
}

/** What a client's session key needs to put, and to keep what it has put, and no more. */
export const clientScopes: readonly string[] = [LOGIN_SCOPE, 'PublishDeal', 'RenewDeal', 'TopUpDeal', 'SettleDeals']

/** SCOPE_UNKNOWN: no message or right has that name. */
export class ScopesInvalidError extends GranaryError {
  constructor(message: string) {
    const names = Object.values(transactions).flatMap(({ name, scope }) => (scope === 'owner' ? [] : [name]))
    super({
      code: 'SCOPE_UNKNOWN',
      message,
      hint: `scopes are ${[LOGIN_SCOPE, TERMS_SCOPE, ...names].join(', ')}`,
    })
  }
}

/** @throws ScopesInvalidError */
export function checkScopes(scopes: readonly string[]): void {
  if (scopes.length === 0) throw new ScopesInvalidError('a key without a scope could sign nothing')
  const unknown = scopes.find((scope) => !isScope(scope))
  if (unknown !== undefined) throw new ScopesInvalidError(`"${unknown}" is not a scope of a session key`)
}

export interface AuthorizeKeyInput extends KeyGrant {
  readonly chain: ChainClient
  /** The account's own key: a session key must not make itself stronger. */
  readonly signer: Signer
  /** How long who signs may take. @default 0 */
  readonly answerMs?: number
}

/** What has become of a key's authorisation. */
export interface Authorized {
  readonly tx: TxView
  /** The last epoch in which the key may sign. */
  readonly expires: Epoch
  /** Milliseconds since 1970, an estimate. */
  readonly expiresMs: number
}

/** @throws ScopesInvalidError, TIME_INVALID, the chain's refusal */
export async function authorizeKey(input: AuthorizeKeyInput, options: CallOptions = {}): Promise<Authorized> {
  const { chain, signer, answerMs = 0, publicKey, scopes, validFor, spendingLimit } = input
  checkScopes(scopes)
  const status = await chain.status(options)
  const expires = status.height + epochsOf(validFor, 'validFor', status)
  const body = { publicKey: fromHex(publicKey), scopes: [...new Set(scopes)], expires, spendingLimit }
  const tx = await sendMessage({ chain, signer, kind: 'AuthorizeKey', body, answerMs }, options)
  return { tx, expires, expiresMs: epochTimeMs(expires, status) }
}
