/**
 * POST /v1/auth: whoever signs the EIP-712 struct Login with the key of an account, or a session
 * key of it with the scope `login`, gets a bearer token for it.
 */

import { GranaryError, toHex } from '@granary/base'
import type { SessionKeyView } from '@granary/protocol/client'
import { type ChainTime, momentOf } from '@granary/protocol/epochs'
import { type Address, type Hash, LOGIN_SCOPE, loginDigest, verifySigner } from '@granary/protocol/messages'
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
  /** What the chain says of a session key of an account; undefined: it has no such key. */
  readonly sessionKey: (account: Address, publicKey: Hash) => Promise<SessionKeyView | undefined>
  readonly time: () => Promise<ChainTime>
  readonly providerId: number
  readonly tokens: Tokens
  readonly nowMs?: () => number
}

/** @throws UnauthorizedError, ClocksApartError, CHAIN_UNREACHABLE for a session key */
export async function logIn(
  context: LoginContext,
  request: LoginRequest,
): Promise<{ token: string; expiresAt: number }> {
  const { client, issuedAt } = request
  const nowS = Math.floor((context.nowMs ?? Date.now)() / 1000)
  if (Math.abs(nowS - issuedAt) > CLOCK_TOLERANCE_S) throw new ClocksApartError(issuedAt, nowS)
  const digest = loginDigest(context.genesisHash, { client, provider: context.providerId, issuedAt })
  const signer = verifySigner(digest, request.signature)
  if (signer?.type === 'session') await requireSessionKey(context, client, toHex(signer.publicKey))
  else if (signer?.address !== client)
    throw new UnauthorizedError('LOGIN_REFUSED', `the signature over Login is not that of ${client}`)
  return context.tokens.issue(client)
}

/** A token that was given outlives a revocation by its quarter of an hour: it opens nothing but uploads and renewals. */
async function requireSessionKey(context: LoginContext, client: Address, publicKey: Hash): Promise<void> {
  const key = await context.sessionKey(client, publicKey)
  if (key === undefined) throw new UnauthorizedError('LOGIN_REFUSED', `${client} has no session key ${publicKey}`)
  if (!key.scopes.includes(LOGIN_SCOPE))
    throw new UnauthorizedError('LOGIN_REFUSED', `the session key ${publicKey} has no scope ${LOGIN_SCOPE}`)
  const time = await context.time()
  if (key.expires < time.height) {
    const until = momentOf(key.expires, time)
    throw new UnauthorizedError('LOGIN_REFUSED', `the session key ${publicKey} was valid until ${until}`)
  }
}

function isoOf(seconds: number): string {
  const date = new Date(seconds * 1000)
  return Number.isNaN(date.getTime()) ? `second ${seconds}` : date.toISOString()
}
