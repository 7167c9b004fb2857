/** A bearer token for uploads: the account signs an EIP-712 Login for this one provider. */
import { systemClock, toHex, unlessAborted } from '@granary/base'
import * as market from '@granary/protocol/market'
import { type Hash, type Signer, typedLogin } from '@granary/protocol/messages'
import type { Clock, Fetch } from '../ports.ts'
import { askProvider } from './ask-provider.ts'

/** A token is replaced this long before it runs out, so that it does not run out while a request is on its way. */
const RENEW_BEFORE_MS = 60_000

/** Who logs in with which provider. */
export interface LoginInput {
  readonly endpoint: string
  readonly provider: number
  readonly genesisHash: Hash
  readonly signer: Signer
  readonly fetch?: Fetch | undefined
  /** @default the machine's */
  readonly clock?: Clock | undefined
}

/** A token of a provider, and until when it is good. */
export interface Session {
  readonly token: string
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number
}

/** @throws ProviderUnreachableError, or the provider's own refusal, such as CLOCKS_APART */
export async function login(
  input: LoginInput,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Session> {
  const { endpoint, provider, genesisHash, signer, fetch, clock = systemClock } = input
  const issuedAt = Math.floor(clock.nowMs() / 1000)
  const message = typedLogin(genesisHash, { client: signer.address, provider, issuedAt })
  const body = {
    client: signer.address,
    issuedAt,
    signature: toHex(await unlessAborted(signer.sign(message), options.signal)),
  }
  const answer = await askProvider(endpoint, market.logIn, { params: {}, body }, { fetch, signal: options.signal })
  return { token: answer.token, expiresAtMs: answer.expiresAt * 1000 }
}

/** @returns gives a token that does not run out within a minute, and logs in again for it: an upload may outlive a token */
export function keepLoggedIn(logIn: () => Promise<Session>, clock: Clock = systemClock): () => Promise<string> {
  let session: Promise<Session> | undefined
  return async () => {
    const current = await session?.catch(() => undefined)
    if (!current || current.expiresAtMs - clock.nowMs() < RENEW_BEFORE_MS) session = logIn()
    return (await session)?.token ?? ''
  }
}
