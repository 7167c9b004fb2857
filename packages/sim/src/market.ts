/** Clients and the price: once a period they publish deals with all that have room and do not ask much more than the cheapest. */

import { providerView } from '@granary/chain/state'
import { pieceCidV2 } from '@granary/proofs/verify'
import type { DealTerms, Signer } from '@granary/protocol/messages'
import type { ChainParams } from '@granary/protocol/records'
import type { SimProvider } from './provider.ts'
import { createRandom } from './random.ts'
import { activateWithinMs, DEALS_PER_SECTOR, epochsIn, GIB, PIECE_BYTES, type World } from './world.ts'

/** 17.28 · 10⁻³ GRN a GiB and day: the price of docs/economics.md. */
const PRICE_GIB_DAY = 17_280_000_000_000_000n
const DAY_MS = 24 * 3_600_000
const MILLION = 1_000_000n
/** How far the price moves in a period, at most: parts of a million. */
const PRICE_STEP = 40_000
const PRICE_MIN = MILLION / 2n
const PRICE_MAX = 2n * MILLION
const DURATION_DAYS = { min: 30, max: 60 } as const
/** Of the cheapest ask, what clients pay. */
const ASK_PERCENT_MAX = 105n
/** Deals of one message. */
const BATCH_MAX = 16
/** Epochs from the provider's deposit to the message that needs it. */
const PUBLISH_DELAY = 3

export interface Price {
  /** attoGRN a GiB and epoch. */
  now(): bigint
  /** To that of the next period. */
  move(): void
}

export interface PriceRise {
  /** Moves of the price before it. */
  readonly after: number
  readonly percent: number
}

/** It wanders by itself, and may jump once. */
export function createPrice(seed: number, { blockTimeMs }: Pick<ChainParams, 'blockTimeMs'>, rise: PriceRise): Price {
  const random = createRandom(seed, 'price')
  const usual = (PRICE_GIB_DAY * BigInt(blockTimeMs)) / BigInt(DAY_MS)
  let level = MILLION
  let jump = 100n
  let moves = 0
  return {
    now: () => (usual * level * jump) / (MILLION * 100n),
    move: () => {
      moves += 1
      if (moves > rise.after) jump = 100n + BigInt(rise.percent)
      const moved = (level * (MILLION + BigInt(random.between(-PRICE_STEP, PRICE_STEP)))) / MILLION
      level = moved < PRICE_MIN ? PRICE_MIN : moved > PRICE_MAX ? PRICE_MAX : moved
    },
  }
}

export interface Market {
  /** Once a period, when the asks are on the chain. */
  open(): void
}

export function createMarket(world: World, providers: readonly SimProvider[], clients: readonly Signer[]): Market {
  const { chain, params } = world
  const random = createRandom(world.seed, 'market')
  // Equals in rank get the same durations, whatever they do with them.
  const durations = createRandom(world.seed, 'durations')
  let nonce = 0n

  function open(): void {
    const days = durations.between(DURATION_DAYS.min, DURATION_DAYS.max)
    const duration = epochsIn(params, days * DAY_MS)
    const asks = providers.map(askOf)
    const cheapest = [...asks].sort((a, b) => Number(a - b))[0]!
    for (const [index, provider] of providers.entries()) {
      const client = provider.client ?? clients[random.between(0, clients.length - 1)]!
      if (asks[index]! * 100n > cheapest * ASK_PERCENT_MAX) continue
      sell(provider, client, provider.wanted(), duration)
    }
  }

  function sell(provider: SimProvider, client: Signer, count: number, duration: number): void {
    // Sectors are filled in pairs.
    const deals = Array.from({ length: count - (count % DEALS_PER_SECTOR) }, () => terms(provider, client, duration))
    if (deals.length === 0) return
    provider.reserve(deals.reduce((total, { providerCollateral }) => total + providerCollateral, 0n))
    chain.at(chain.height + PUBLISH_DELAY, () => {
      for (let from = 0; from < deals.length; from += BATCH_MAX) {
        const batch = deals.slice(from, from + BATCH_MAX)
        chain.submit(client, 'PublishDeal', {
          deals: batch.map((each) => ({ terms: each, providerSignature: provider.sign(each) })),
        })
      }
    })
  }

  function terms(provider: SimProvider, client: Signer, duration: number): DealTerms {
    nonce += 1n
    const piece = {
      root: fieldElement(random.bytes32()),
      paddedSize: PIECE_BYTES,
      payloadSize: (PIECE_BYTES / 128) * 127,
    }
    const pricePerEpoch = askOf(provider) * BigInt(PIECE_BYTES / GIB)
    const price = pricePerEpoch * BigInt(duration)
    return {
      client: client.address,
      provider: provider.id(),
      pieceCid: pieceCidV2(piece),
      pieceSize: piece.paddedSize,
      payloadSize: piece.payloadSize,
      label: '',
      activateWithin: epochsIn(params, activateWithinMs),
      duration,
      pricePerEpoch,
      providerCollateral: (price * BigInt(params.minCollateralShareBps) + 9_999n) / 10_000n,
      validUntil: chain.height + params.provingPeriod,
      nonce,
    }
  }

  function askOf(provider: SimProvider): bigint {
    return BigInt(providerView(chain.state, provider.id())!.ask!.pricePerGiBEpoch)
  }

  return { open }
}

function fieldElement(bytes: Uint8Array): Uint8Array {
  bytes[31]! &= 0x3f
  return bytes
}
