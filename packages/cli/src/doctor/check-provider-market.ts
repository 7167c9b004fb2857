/** Whether the ask on the chain is what the configuration says, and for how long the money pays for proofs. */
import type { ChainStatus, ProviderView } from '@granary/protocol/client'
import type { Money, readConfig } from '@granary/provider/operator'
import { formatAmount } from '../print/amounts.ts'
import { formatDuration, formatEpoch } from '../print/times.ts'
import type { Finding } from './finding.ts'

type Config = Awaited<ReturnType<typeof readConfig>>

const RUNWAY_MIN_MS = 30 * 86_400_000

export function checkProviderMoney({ balance, owner, collateral, fees }: Money): Finding {
  const check = 'money'
  const runway = fees.runwayMs === null ? 'nothing to prove yet' : `${formatDuration(fees.runwayMs)} of proofs`
  const says = `${owner} has ${formatAmount(balance)}: ${runway}; ${formatAmount(collateral.free)} of collateral are free`
  const fix = `move money to ${owner}: without fees nothing is sealed, and no proof is taken`
  if (balance === 0n) return { check, state: 'wrong', says, fix, code: 'FEES_SHORT' }
  if (collateral.debt > 0n) {
    const debt = `${says}; a debt of ${formatAmount(collateral.debt)} is taken from what becomes free`
    return { check, state: 'note', says: debt, fix: 'granary provider deposit GRN' }
  }
  if (fees.runwayMs !== null && fees.runwayMs < RUNWAY_MIN_MS) return { check, state: 'note', says, fix }
  return { check, state: 'ok', says }
}

export function checkAsk({ ask }: ProviderView, config: Config, status: ChainStatus): Finding {
  const check = 'ask'
  const holds = ask !== null && ask.validUntil > status.height
  if (!config.acceptDeals) {
    const says = `acceptDeals is false${holds ? ', and the ask still stands' : ': no deals are taken'}`
    return { check, state: 'note', says, fix: 'granary provider drain --undo, to take deals again' }
  }
  const fix =
    'a running provider sets it within an hour: run it, or `granary provider reload`; `granary provider alerts` says what the chain refuses'
  if (!holds)
    return { check, state: 'wrong', says: 'no ask stands on the chain: no client comes', fix, code: 'ASK_NOT_SET' }
  const wanted: Record<string, [wanted: string | number | undefined, stands: string | number]> = {
    'ask.pricePerGiBEpoch': [config.ask.pricePerGiBEpoch, ask.pricePerGiBEpoch],
    'ask.pieceSizeMin': [config.ask.pieceSizeMin, ask.pieceSizeMin],
    'ask.pieceSizeMax': [config.ask.pieceSizeMax, ask.pieceSizeMax],
    'ask.collateralShareMaxBps': [config.ask.collateralShareMaxBps, ask.collateralShareMaxBps],
  }
  const differing = Object.entries(wanted)
    .filter(([, [wanted, stands]]) => wanted !== undefined && `${wanted}` !== `${stands}`)
    .map(([key, [wanted, stands]]) => `${key} is ${wanted}, on the chain ${stands}`)
  if (differing.length > 0) return { check, state: 'wrong', says: differing.join('; '), fix, code: 'ASK_NOT_SET' }
  const says = `${formatAmount(ask.pricePerGiBEpoch)} for a GiB an epoch, until ${formatEpoch(ask.validUntil, status)}`
  return { check, state: 'ok', says }
}
