/** Lets a session key sign for the account, within scopes, a time and a limit; asked again, it replaces what was allowed. */
import { fromHex, GranaryError } from '@granary/base'
import { type ChainClient, sendMessage, type TxView } from '@granary/protocol/client'
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

/** A session key, what it may sign, until when (epochs) and for how much at most (attoGRN). */
export interface KeyGrant {
  /** ed25519, 32 bytes. */
  readonly publicKey: Hash
  /** Names of messages, {@link TERMS_SCOPE}, {@link LOGIN_SCOPE}. */
  readonly scopes: readonly string[]
  readonly validForMs: number
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
}

/** @throws ScopesInvalidError, the chain's refusal */
export async function authorizeKey(input: AuthorizeKeyInput, options: CallOptions = {}): Promise<Authorized> {
  const { chain, signer, answerMs = 0, publicKey, scopes, validForMs, spendingLimit } = input
  checkScopes(scopes)
  const { height, blockTimeMs } = await chain.status(options)
  const expires = height + Math.ceil(validForMs / blockTimeMs)
  const body = { publicKey: fromHex(publicKey), scopes: [...new Set(scopes)], expires, spendingLimit }
  return { tx: await sendMessage({ chain, signer, kind: 'AuthorizeKey', body, answerMs }, options), expires }
}
