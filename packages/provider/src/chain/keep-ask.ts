/**
 * The ask on the chain is the one of config.json: looked at when the provider starts and while it runs, so that it is
 * renewed before it ends. The session key may sign it.
 */
import { isDeepStrictEqual } from 'node:util'
import { GranaryError, isAbortError } from '@granary/base'
import type { ChainClient, ProviderView } from '@granary/protocol/client'
import type { MessageBodies, Signer } from '@granary/protocol/messages'
import type { Alerts } from '../alerts.ts'
import type { ProviderConfig } from '../config.ts'
import type { Log } from '../log.ts'
import type { OwnLane, Say } from './own-lane.ts'

export interface AskContext {
  readonly chain: ChainClient
  readonly lane: OwnLane
  readonly signer: Signer
  readonly providerId: number
  readonly config: Pick<ProviderConfig, 'ask' | 'profile' | 'profiles' | 'acceptDeals'>
  readonly sectorBytes: number
  readonly alerts: Alerts
  readonly log: Log
  readonly signal?: AbortSignal | undefined
}

/** Renewed when half of its time is over: a provider that is away for a while comes back with an ask that still holds. */
const RENEW_SHARE = 2
const CHECKS_A_TERM = 8
const CHECK_MAX_MS = 60 * 60_000
/** Room for the message to get into a block: the chain takes no ask that has ended. */
const ENDING_MS = 60_000

/**
 * What the chain refuses stays as it was there, with an alert that names the fields.
 * @throws the chain's refusal, when there is no ask at all yet
 */
export async function keepAsk(context: AskContext): Promise<void> {
  await context.lane.turn((say) => setAsk(context, say), { signal: context.signal })
}

async function setAsk(context: AskContext, say: Say): Promise<void> {
  const { chain, signer, providerId, alerts, log } = context
  const options = context.signal === undefined ? {} : { signal: context.signal }
  const [{ height, blockTimeMs }, { ask }] = await Promise.all([
    chain.status(options),
    chain.provider(providerId, options),
  ])
  const ending = height + Math.ceil(ENDING_MS / blockTimeMs)
  const isEnding = ask === null || ask.validUntil <= ending
  if (!context.config.acceptDeals && isEnding) return alerts.clear('ASK_NOT_SET')
  const wanted = wantedAsk(context, height, blockTimeMs)
  const body = context.config.acceptDeals ? wanted : { ...wanted, validUntil: ending }
  const changes = ask === null ? [] : changesOf(body, ask, height)
  if (ask !== null && changes.length === 0) return alerts.clear('ASK_NOT_SET')
  try {
    await say(signer, 'SetAsk', body)
  } catch (error) {
    if (ask === null || isAbortError(error) || !GranaryError.is(error)) throw error
    return alerts.raise({
      code: 'ASK_NOT_SET',
      message: `the chain does not take ${changes.join(', ')}: ${error.message} [${error.code}]`,
      hint: `the ask that was there before holds until epoch ${ask.validUntil}; correct the ask in config.json and start again, or see that the provider's account has money for fees`,
    })
  }
  alerts.clear('ASK_NOT_SET')
  log({ type: 'ask:set', provider: providerId, changes, validUntil: body.validUntil })
}

export interface AskRenewal {
  /** The configuration is another one: when the next look is follows from it. */
  again(): void
  stop(): void
}

/** Looks again and again until it is stopped, by the configuration as it is then. */
export function renewAsk(
  context: Omit<AskContext, 'config'> & { readonly config: () => AskContext['config'] },
): AskRenewal {
  const { log } = context
  const stopped = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let isLooking = false

  function arm(): void {
    clearTimeout(timer)
    if (stopped.signal.aborted || isLooking) return
    timer = setTimeout(look, Math.min(Math.ceil(context.config().ask.validMs / CHECKS_A_TERM), CHECK_MAX_MS))
  }

  function look(): void {
    isLooking = true
    keepAsk({ ...context, config: context.config(), signal: stopped.signal })
      .catch((error: unknown) => {
        // The chain is away, which others say: the next look is soon enough.
        if (!isAbortError(error)) log({ type: 'ask:not-checked', error: String(error) })
      })
      .finally(() => {
        isLooking = false
        arm()
      })
  }

  arm()
  return {
    again: arm,
    stop: () => {
      clearTimeout(timer)
      stopped.abort()
    },
  }
}

function wantedAsk(
  { providerId, config, sectorBytes }: AskContext,
  height: number,
  blockTimeMs: number,
): MessageBodies['SetAsk'] {
  const { ask, profile, profiles } = config
  return {
    provider: providerId,
    pricePerGiBEpoch: BigInt(ask.pricePerGiBEpoch),
    pieceSizeMin: ask.pieceSizeMin,
    pieceSizeMax: ask.pieceSizeMax ?? sectorBytes,
    durationMin: Math.ceil(ask.durationMinMs / blockTimeMs),
    durationMax: Math.floor(ask.durationMaxMs / blockTimeMs),
    profiles: [...new Set([profile, ...profiles])],
    collateralShareMaxBps: ask.collateralShareMaxBps,
    validUntil: height + Math.floor(ask.validMs / blockTimeMs),
  }
}

/** In the words of config.json. A time that is longer now begins with the next renewal at the latest. */
function changesOf(wanted: MessageBodies['SetAsk'], there: NonNullable<ProviderView['ask']>, height: number): string[] {
  const before = { ...there, pricePerGiBEpoch: BigInt(there.pricePerGiBEpoch) }
  const changes = Object.keys(configNames)
    .map((key) => key as keyof typeof configNames)
    .filter((field) => !isDeepStrictEqual(wanted[field], before[field]))
    .map((field) => `${configNames[field]} ${before[field]} → ${wanted[field]}`)
  const isOver = (there.validUntil - height) * RENEW_SHARE <= wanted.validUntil - height
  if (isOver || there.validUntil > wanted.validUntil)
    changes.push(`validUntil ${there.validUntil} → ${wanted.validUntil} (ask.validMs)`)
  return changes
}

/** Durations are epochs on the chain. */
const configNames = {
  pricePerGiBEpoch: 'ask.pricePerGiBEpoch',
  pieceSizeMin: 'ask.pieceSizeMin',
  pieceSizeMax: 'ask.pieceSizeMax',
  durationMin: 'ask.durationMinMs, in epochs:',
  durationMax: 'ask.durationMaxMs, in epochs:',
  profiles: 'profile, profiles:',
  collateralShareMaxBps: 'ask.collateralShareMaxBps',
} as const satisfies Partial<Record<keyof MessageBodies['SetAsk'], string>>
