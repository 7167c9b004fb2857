/**
 * A whole market, period after period: providers of all strategies with the same disks and the same money, on the real state
 * machine with the parameters of production. The same seed gives the same report, to the last digit.
 */
import { setImmediate } from 'node:timers/promises'
import { GranaryError } from '@granary/base'
import { devnetGenesis, productionParams } from '@granary/chain/state'
import { accountSigner, type Signer } from '@granary/protocol/messages'
import type { Genesis } from '@granary/protocol/records'
import { COSTS } from './costs.ts'
import { createMarket, createPrice } from './market.ts'
import { createBooks } from './money.ts'
import { createProvider, type Seat, type SimProvider } from './provider.ts'
import { createRandom } from './random.ts'
import { reportOf, type SimReport } from './report.ts'
import { createSimChain } from './sim-chain.ts'
import { type Strategy, strategies, strategyOf } from './strategies.ts'
import { sectorLocks, type World } from './world.ts'

export interface SimOptions {
  readonly providers: number
  /** Proving periods, days in production. */
  readonly periods: number
  /** @default 1 */
  readonly seed?: number
  /** The market's price jumps by so many percent after a third of the periods. @default 0 */
  readonly priceRise?: number
  /** Sectors of 32 GiB that each provider's disk holds. @default 4 */
  readonly diskSectors?: number
}

export interface SimControl {
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: SimProgress) => void
}

export interface SimProgress {
  readonly type: 'sim:period'
  readonly period: number
  readonly periods: number
}

export class SimOptionsError extends GranaryError {
  constructor(message: string, hint: string) {
    super({ code: 'SIM_OPTIONS_INVALID', message, hint })
  }
}

export const simBounds: {
  readonly providers: { readonly min: number; readonly max: number }
  readonly periods: { readonly min: number; readonly max: number }
  readonly seed: { readonly min: number; readonly max: number }
  /** Percent. */
  readonly priceRise: { readonly min: number; readonly max: number }
} = {
  providers: { min: strategies.length, max: 200 },
  periods: { min: 1, max: 730 },
  seed: { min: 0, max: 2 ** 31 - 1 },
  priceRise: { min: 0, max: 1_000 },
}

/** The longest that a chain may have, so that a day has the fewest blocks: all durations are given in time. */
const BLOCK_TIME_MS = 60_000
const GENESIS_TIME_MS = 1_700_000_000_000
const GRN = 10n ** 18n
const CLIENTS = 4
const CLIENT_MONEY = 10_000_000n * GRN
const PROVIDER_MONEY = 100_000n * GRN
/** Epochs of a period at which it happens. */
const PRICE_MOVES_AT = 30
const PROVIDERS_AT = 60
const MARKET_OPENS_AT = 600
/** Blocks after the last period, for terminations, and again for settlements. */
const CLOSING_BLOCKS = 20

/** @throws SimOptionsError SIM_OPTIONS_INVALID */
export async function simulate(options: SimOptions, { signal, onProgress }: SimControl = {}): Promise<SimReport> {
  checkOptions(options)
  const { providers: count, periods, seed = 1, priceRise = 0, diskSectors = 4 } = options
  const params = productionParams(BLOCK_TIME_MS)
  const price = createPrice(seed, params, { after: Math.floor(periods / 3), percent: priceRise })
  const owners = signers(seed, 'owner', count)
  const payers = signers(seed, 'payer', count)
  const clients = signers(seed, 'client', CLIENTS)
  const refused = new Map<string, number>()
  const refuse = (kind: string, code: string): void => {
    refused.set(`${kind} ${code}`, (refused.get(`${kind} ${code}`) ?? 0) + 1)
  }
  const chain = createSimChain({
    genesis: genesisOf({ owners: [...owners, ...payers], clients }),
    seed,
    refused: refuse,
    executed: (sender, result) => {
      books.executed(sender, result)
      if (result.code !== 'OK') refuse(result.kind, result.code)
    },
  })
  const { accountFee } = params
  const books = createBooks({ state: chain.state, sectorDeposit: sectorLocks(params).deposit, accountFee })
  const world: World = { chain, params, seed, costs: COSTS, diskSectors, price: price.now }

  const ranks = new Map<Strategy, number>()
  const seats = owners.map((owner, index): Seat => {
    const strategy = strategyOf(index, count)
    const rank = ranks.get(strategy) ?? 0
    ranks.set(strategy, rank + 1)
    const payer = payers[index]!
    const client = strategy.deals === 'with itself' ? payer : undefined
    return {
      provider: createProvider({ world, strategy, rank, owner, client }),
      participant: books.join([owner.address, payer.address]),
    }
  })
  const clientPurses = clients.map(({ address }) => books.join([address]))
  const providers = seats.map(({ provider }) => provider)
  const market = createMarket(world, providers, clients)
  const byId = new Map<number, SimProvider>()

  function block(): void {
    for (const event of chain.produce()) {
      books.happened(event)
      if (event.type === 'provider:registered') {
        const seat = seats.find(({ provider }) => provider.owner.address === event.owner)!
        byId.set(event.provider, seat.provider)
      } else if ('provider' in event) {
        byId.get(event.provider)?.happened(event)
      }
    }
  }

  for (const provider of providers) provider.register()
  for (let period = 0; period < periods; period += 1) {
    signal?.throwIfAborted()
    const start = period * params.provingPeriod
    chain.at(start + PRICE_MOVES_AT, price.move)
    for (const provider of providers) chain.at(start + PROVIDERS_AT, provider.period)
    chain.at(start + MARKET_OPENS_AT, market.open)
    while (chain.height < start + params.provingPeriod) block()
    books.check()
    onProgress?.({ type: 'sim:period', period: period + 1, periods })
    // So that an interrupt is heard.
    await setImmediate()
  }
  for (const act of ['close', 'settle'] as const) {
    for (const provider of providers) provider[act]()
    for (let index = 0; index < CLOSING_BLOCKS; index += 1) block()
  }
  books.check()
  const given = { providers: count, periods, seed, priceRise }
  return reportOf({ options: given, world, seats, clients: clientPurses, refused })
}

function checkOptions({ providers, periods, seed = 1, priceRise = 0 }: SimOptions): void {
  for (const [name, value] of Object.entries({ providers, periods, seed, priceRise })) {
    const { min, max } = simBounds[name as keyof typeof simBounds]
    if (Number.isSafeInteger(value) && value >= min && value <= max) continue
    throw new SimOptionsError(
      `"${name}" is ${value}`,
      name === 'providers'
        ? `take ${min} to ${max}: one of each strategy at least`
        : `take a whole number from ${min} to ${max}`,
    )
  }
}

function signers(seed: number, role: string, count: number): Signer[] {
  return Array.from({ length: count }, (_, index) => accountSigner(createRandom(seed, `${role} ${index}`).bytes32()))
}

function genesisOf({ owners, clients }: { owners: readonly Signer[]; clients: readonly Signer[] }): Genesis {
  const zeros = (bytes: number): `0x${string}` => `0x${'00'.repeat(bytes)}`
  // What a genesis has beside its parameters is of no use here.
  const base = devnetGenesis({
    validator: zeros(32),
    beaconPublicKey: zeros(96),
    faucet: zeros(20),
    timeMs: GENESIS_TIME_MS,
    blockTimeMs: BLOCK_TIME_MS,
  })
  return {
    ...base,
    chainId: 'granary-sim',
    devnet: false,
    accounts: [
      ...owners.map(({ address }) => ({ address, balance: PROVIDER_MONEY })),
      ...clients.map(({ address }) => ({ address, balance: CLIENT_MONEY })),
    ],
    params: productionParams(BLOCK_TIME_MS),
  }
}
