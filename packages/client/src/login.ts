/** A bearer token for uploads: the account signs an EIP-712 Login for this one provider. */
import { toHex } from '@granary/base'
import { type Hash, loginDigest, type Signer } from '@granary/protocol/messages'
import { loginAnswerSchema } from './provider-wire.ts'
import { type Fetch, requestJson } from './request-json.ts'

/** Asked for anew this long before it runs out, so that no request is on its way with a dead token. */
const RENEW_BEFORE_MS = 60_000

export interface LoginInput {
  readonly endpoint: string
  readonly provider: number
  readonly genesisHash: Hash
  readonly signer: Signer
  readonly fetch?: Fetch | undefined
}

export interface Session {
  readonly token: string
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number
}

/** @throws ProviderUnreachableError, or the provider's own refusal */
export async function login(
  input: LoginInput,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Session> {
  const { endpoint, provider, genesisHash, signer, fetch } = input
  const issuedAt = Math.floor(Date.now() / 1000)
  const digest = loginDigest(genesisHash, { client: signer.address, provider, issuedAt })
  const body = { client: signer.address, issuedAt, signature: toHex(await signer.sign(digest)) }
  const url = `${endpoint}/v1/auth`
  const answer = await requestJson({ url, body, schema: loginAnswerSchema, fetch, signal: options.signal })
  return { token: answer.token, expiresAtMs: answer.expiresAt * 1000 }
}

/** A token that is always fresh: an upload may take longer than a token lives. */
export function keepLoggedIn(logIn: () => Promise<Session>): () => Promise<string> {
  let session: Promise<Session> | undefined
  return async () => {
    const current = await session?.catch(() => undefined)
    if (!current || current.expiresAtMs - Date.now() < RENEW_BEFORE_MS) session = logIn()
    return (await session)?.token ?? ''
  }
}
