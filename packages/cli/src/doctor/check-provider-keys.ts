/** What the chain lets the daemon's key sign, until when, and how much of its limit is left. */
import type { ChainClient, ChainStatus, ProviderView } from '@granary/protocol/client'
import { daemonScopes } from '@granary/protocol/messages'
import { formatAmount } from '../print/amounts.ts'
import { formatEpoch } from '../print/times.ts'
import type { Finding } from './finding.ts'

const DAYS_MIN_MS = 3 * 86_400_000
/** As the first registration authorises it: beyond all dates, and all money. */
const ENDLESS_MS = 100 * 365 * 86_400_000
const ENDLESS_GRN = 10n ** 36n
const SPENT_OF = 10n
const SPENT_MAX = 9n

export interface ProviderKeysInput {
  readonly chain: ChainClient
  readonly status: ChainStatus
  readonly provider: ProviderView
  /** Of registration.json, which the daemon writes; undefined: it has not run yet. */
  readonly wanted: string | undefined
  readonly home: string
  /** Whether the key that the chain has was to have bounds, and `key rotate` was killed before it gave them. */
  readonly isUnbounded?: boolean
  readonly signal?: AbortSignal | undefined
}

export async function checkProviderKeys(input: ProviderKeysInput): Promise<Finding> {
  const { chain, status, provider, wanted, home, signal } = input
  const check = 'key'
  const renew = `granary provider register --home ${home} --owner-key FILE --session-limit 50 --session-time 90d`
  const wrong = (says: string): Finding => ({
    ...{ check, state: 'wrong', says, code: 'SESSION_KEY_ENDS' },
    fix: `where the key of the owner is: ${renew}`,
  })
  const { sessionKey } = provider
  if (sessionKey === null) return wrong("the chain knows no key of the daemon's")
  if (wanted !== undefined && wanted !== sessionKey)
    return wrong(`the chain has the key ${sessionKey} for the daemon, and this home another: ${wanted}`)
  const keys = await Array.fromAsync(chain.sessionKeys(provider.owner, { signal }))
  const key = keys.find(({ publicKey }) => publicKey === sessionKey)
  if (key === undefined) return wrong("the chain does not let the daemon's key sign: no proof is taken")
  const missing = daemonScopes.filter((scope) => !key.scopes.includes(scope))
  if (missing.length > 0)
    return wrong(
      `the daemon's key may not sign ${missing.join(', ')}: it was authorised before there was such a message`,
    )
  const left = BigInt(key.spendingLimit) - BigInt(key.spent)
  const leftMs = (key.expires - status.height) * status.blockTimeMs
  const until = leftMs > ENDLESS_MS ? 'without an end' : `until ${formatEpoch(key.expires, status)}`
  const spends =
    BigInt(key.spendingLimit) >= ENDLESS_GRN ? 'all there is' : `${formatAmount(left > 0n ? left : 0n)} more`
  const says = `the daemon's key signs ${until}, and may spend ${spends}`
  if (input.isUnbounded && leftMs > ENDLESS_MS)
    return {
      ...wrong(`${says}: \`key rotate\` was killed before it gave it its bounds`),
      fix: `granary provider key rotate --home ${home}`,
    }
  if (leftMs < DAYS_MIN_MS) return wrong(says)
  if (BigInt(key.spent) * SPENT_OF >= BigInt(key.spendingLimit) * SPENT_MAX) return wrong(says)
  return { check, state: 'ok', says, details: { sessionKey, expires: key.expires, left: `${left}` } }
}
