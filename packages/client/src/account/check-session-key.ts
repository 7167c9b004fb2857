/**
 * Whether the session key that signs may pay for a put, before a byte of it is sent: the chain would refuse the deals at the end.
 * docs/spec/chain.md section 1.
 */
import { type ErrorCode, GranaryError } from '@granary/base'
import type { ChainClient } from '@granary/protocol/client'
import { momentOf } from '@granary/protocol/epochs'
import { type Address, type AttoGrn, formatGrn, type Hash } from '@granary/protocol/messages'
import type { CallOptions } from '../call-options.ts'

/** KEY_NOT_AUTHORIZED, KEY_EXPIRED, KEY_SCOPE_MISSING, SPENDING_LIMIT_REACHED: of a key that may not pay for this. */
export class SessionKeyError extends GranaryError {
  constructor(code: ErrorCode, key: Hash, message: string, details: Readonly<Record<string, string | number>> = {}) {
    super({
      code,
      message: `the session key ${key} ${message}`,
      hint: 'have the account authorise it again (`authorizeKey`, `granary wallet authorize`), or sign with its own key',
      details: { publicKey: key, ...details },
    })
  }
}

export interface CheckSessionKeyInput {
  readonly chain: ChainClient
  readonly address: Address
  readonly sessionKey: Hash
  /** attoGRN: the most that the put may take, its fees and standing orders with it. */
  readonly cost: AttoGrn
}

/** @throws SessionKeyError */
export async function checkSessionKey(
  { chain, address, sessionKey, cost }: CheckSessionKeyInput,
  options: CallOptions,
): Promise<void> {
  const [key, now] = await Promise.all([
    chain.sessionKey(address, sessionKey, options).catch((error: unknown) => {
      if (!GranaryError.is(error) || error.code !== 'KEY_NOT_FOUND') throw error
    }),
    chain.status(options),
  ])
  if (key === undefined) throw new SessionKeyError('KEY_NOT_AUTHORIZED', sessionKey, `is none of ${address}`)
  const { expires, scopes } = key
  if (expires <= now.height)
    throw new SessionKeyError('KEY_EXPIRED', sessionKey, `expired ${momentOf(expires, now)}`, { expires })
  if (!scopes.includes('PublishDeal'))
    throw new SessionKeyError('KEY_SCOPE_MISSING', sessionKey, 'may not sign PublishDeal')
  const left = BigInt(key.spendingLimit) - BigInt(key.spent)
  if (cost > left) {
    const money = { needed: `${cost}`, left: `${left}` }
    const message = `may spend ${formatGrn(left)} more, price and fees come to ${formatGrn(cost)}`
    throw new SessionKeyError('SPENDING_LIMIT_REACHED', sessionKey, message, money)
  }
}
