/** What the account has, and for how long that would go on to pay for what it stores now. */
import type { ChainClient, ChainStatus } from '@granary/protocol/client'
import type { Address } from '@granary/protocol/messages'
import { formatAmount } from '../print/amounts.ts'
import { plural } from '../print/quantities.ts'
import { formatDuration } from '../print/times.ts'
import type { Finding } from './finding.ts'

/** Of the runway: less is time to send money. */
const RUNWAY_MIN_MS = 30 * 86_400_000
/** Nobody plans further. */
const RUNWAY_MAX_MS = 3_650 * 86_400_000

export interface MoneyInput {
  readonly chain: ChainClient
  readonly status: ChainStatus
  readonly address: Address
  readonly signal?: AbortSignal | undefined
}

export async function checkMoney({ chain, status, address, signal }: MoneyInput): Promise<Finding> {
  const check = 'balance'
  const balance = BigInt((await chain.account(address, { signal })).balance)
  let perEpoch = 0n
  let deals = 0
  for await (const { state, terms } of chain.deals({ client: address }, { signal })) {
    if (state !== 'active' && state !== 'published') continue
    perEpoch += BigInt(terms.pricePerEpoch)
    deals += 1
  }
  const runwayMs = perEpoch === 0n ? null : Number(balance / perEpoch) * status.blockTimeMs
  const details = { address, balance: `${balance}`, deals, pricePerEpoch: `${perEpoch}`, runwayMs }
  const has = `${address} has ${formatAmount(balance)}`
  const says =
    runwayMs === null
      ? `${has}, and no deals`
      : `${has}: ${plural(deals, 'deal')} renewed from it would last ${runwayMs > RUNWAY_MAX_MS ? 'more than ten years' : formatDuration(runwayMs)}`
  if (balance === 0n) {
    const fix = status.devnet ? '`granary put FILE` asks the faucet of this devnet' : `send money to ${address}`
    return {
      check,
      state: status.devnet ? 'note' : 'wrong',
      says,
      fix,
      ...(status.devnet ? {} : { code: 'INSUFFICIENT_FUNDS' as const }),
      details,
    }
  }
  if (runwayMs !== null && runwayMs < RUNWAY_MIN_MS && !status.devnet) {
    return { check, state: 'note', says, fix: `send money to ${address} before its deals end`, details }
  }
  return { check, state: 'ok', says, details }
}
