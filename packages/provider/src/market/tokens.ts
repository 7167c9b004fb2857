/**
 * Bearer tokens: the client and the end of the session under an HMAC. Nothing is kept for them, and a client that was
 * logged in stays so when the provider restarts in the middle of its upload.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { type ErrorCode, GranaryError } from '@granary/base'
import type { Address } from '@granary/protocol/messages'
import type { Settings } from '../storage/settings.ts'

const LIFETIME_S = 15 * 60

export class UnauthorizedError extends GranaryError {
  constructor(code: ErrorCode, message: string) {
    super({
      code,
      message,
      hint: 'log in with POST /v1/auth and send `authorization: Bearer <token>`',
    })
  }
}

export interface Tokens {
  issue(client: Address): { token: string; expiresAt: number }
  /** @throws UnauthorizedError */
  clientOf(authorization: string | undefined): Address
}

export function createTokens(settings: Settings, nowMs: () => number = Date.now): Tokens {
  const secret = Buffer.from(settings.get('tokenSecret') ?? newSecret(settings), 'hex')
  const seal = (payload: string): Buffer => createHmac('sha256', secret).update(payload).digest()

  return {
    issue: (client) => {
      const expiresAt = Math.floor(nowMs() / 1000) + LIFETIME_S
      const payload = `${client}.${expiresAt}`
      return { token: `${payload}.${seal(payload).toString('base64url')}`, expiresAt }
    },
    clientOf: (authorization) => {
      if (authorization === undefined) throw new UnauthorizedError('TOKEN_MISSING', 'this needs a bearer token')
      const match = /^Bearer ((0x[0-9a-f]{40})\.(\d{1,12}))\.([\w-]{43})$/i.exec(authorization)
      if (match === null) throw new UnauthorizedError('TOKEN_INVALID', 'the bearer token is not one of ours')
      const [, payload = '', client = '', expiresAt = '', given = ''] = match
      if (!timingSafeEqual(seal(payload), Buffer.from(given, 'base64url')))
        throw new UnauthorizedError('TOKEN_INVALID', 'the bearer token is not one of ours')
      if (Number(expiresAt) * 1000 <= nowMs())
        throw new UnauthorizedError('TOKEN_EXPIRED', `the bearer token ran out at ${expiresAt}`)
      return client as Address
    },
  }
}

function newSecret(settings: Settings): string {
  const secret = randomBytes(32).toString('hex')
  settings.set('tokenSecret', secret)
  return secret
}
