/**
 * SetAsk: what a provider asks for, replacing what it asked before. It binds nobody: a deal's terms are signed one by
 * one.
 *
 * Signed by the owner or its session key.
 * Costs its fee.
 * Refuses another than the owner (PROVIDER_NOT_OWNED), bounds that contradict each other, a profile that the chain does
 * not take, less collateral than a deal takes, a time that has passed (ASK_INVALID).
 */
import type { MessageBodies } from '@granary/protocol/messages'
import type { ChainParams } from '@granary/protocol/records'
import { requireOwner } from '../access/require-provider.ts'
import { allowedProfile } from '../proving/response-window.ts'
import type { Effect } from '../store/context.ts'
import { TxError } from '../store/errors.ts'
import { tables } from '../store/tables.ts'

export const setAsk: Effect<'SetAsk'> = (context, { provider, ...ask }) => {
  const { store, params, height, emit } = context
  requireOwner(context, provider)
  const fault = faultOf(ask, params, height)
  if (fault !== undefined) {
    throw new TxError('ASK_INVALID', { message: fault, hint: 'correct the ask and send it again' })
  }
  tables.asks.put(store, provider, ask)
  emit({ type: 'ask:set', provider, pricePerGiBEpoch: String(ask.pricePerGiBEpoch), validUntil: ask.validUntil })
}

function faultOf(
  ask: Omit<MessageBodies['SetAsk'], 'provider'>,
  params: ChainParams,
  height: number,
): string | undefined {
  if (ask.pieceSizeMin > ask.pieceSizeMax) return `piece sizes from ${ask.pieceSizeMin} to ${ask.pieceSizeMax}`
  if (ask.durationMin > ask.durationMax) return `durations from ${ask.durationMin} to ${ask.durationMax}`
  if (ask.collateralShareMaxBps < params.minCollateralShareBps) {
    return `collateral of at most ${ask.collateralShareMaxBps} bps of the price, a deal takes ${params.minCollateralShareBps}`
  }
  if (ask.validUntil < height) return `valid until epoch ${ask.validUntil}, this is ${height}`
  const refused = ask.profiles.find((name) => allowedProfile(params, name) === undefined)
  return refused === undefined ? undefined : `this chain takes no sectors of profile ${refused}`
}
