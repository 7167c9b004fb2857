/** POST /v1/auth: whoever signs the EIP-712 struct Login with the key of an account gets a bearer token for it. */

import { GranaryError } from '@granary/base'
import { type Address, type Hash, loginDigest, verifySigner } from '@granary/protocol/messages'
import { type Tokens, UnauthorizedError } from './tokens.ts'

// Wide enough for clocks that differ, narrow enough that an old signature is of no use.
const CLOCK_TOLERANCE_S = 5 * 60

/** Whose clock is wrong the two cannot know; the client can ask the chain. */
export class ClocksApartError extends GranaryError {
  constructor(issuedAt: number, nowS: number) {
    const apart = Math.abs(nowS - issuedAt)
    super({
      code: 'CLOCKS_APART',
      message: `the login is of ${isoOf(issuedAt)}, the provider's clock says ${isoOf(nowS)}: they are ${apart} s apart`,
      hint: 'set the clock of the machine that is wrong, then try again',
      details: { issuedAt, providerNow: nowS, toleranceS: CLOCK_TOLERANCE_S },
    })
  }
}

export interface LoginRequest {
  readonly client: Address
  readonly issuedAt: number
  readonly signature: Uint8Array
}

export interface LoginContext {
  readonly genesisHash: Hash
  readonly providerId: number
  readonly tokens: Tokens
  readonly nowMs?: () => number
}

/** @throws UnauthorizedError, ClocksApartError */
export function logIn(context: LoginContext, request: LoginRequest): { token: string; expiresAt: number } {
  const { client, issuedAt } = request
  const nowS = Math.floor((context.nowMs ?? Date.now)() / 1000)
  if (Math.abs(nowS - issuedAt) > CLOCK_TOLERANCE_S) throw new ClocksApartError(issuedAt, nowS)
  const digest = loginDigest(context.genesisHash, { client, provider: context.providerId, issuedAt })
  const signer = verifySigner(digest, request.signature)
  if (signer?.type !== 'account' || signer.address !== client)
    throw new UnauthorizedError('LOGIN_REFUSED', `the signature over Login is not that of ${client}`)
  return context.tokens.issue(client)
}

function isoOf(seconds: number): string {
  const date = new Date(seconds * 1000)
  return Number.isNaN(date.getTime()) ? `second ${seconds}` : date.toISOString()
}
