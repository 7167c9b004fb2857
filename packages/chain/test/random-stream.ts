/**
 * A random stream of transactions over a market with proven sectors, from a seed: what people may do, what they may not,
 * and garbage. All money is counted after each block; then the same blocks are executed again, from the start and from the
 * state in the middle, and must give the same app hash each time.
 */

import type { Signer } from '@granary/protocol/messages'
import { sha256 } from '@noble/hashes/sha2.js'
import {
  type Block,
  createStateMachine,
  type FinalizedBlock,
  type StateReader,
  sectorView,
} from '../src/state/index.ts'
import type { Market } from './market.ts'
import { createMemoryState, type MemoryState } from './memory-state.ts'
import { createTestChain, fund, GRN, signTerms, type TestChain, termsFor } from './test-chain.ts'
import { createTestSealer } from './test-sealer.ts'
import { wholePartitions } from './whole-partitions.ts'

export interface Ground {
  readonly market: Market
  readonly folder: string
  readonly people: readonly Signer[]
  readonly deals: readonly number[]
  /** Executes blocks on any state; remembers what it has verified, which is the same rounds for each seed. */
  executeOn(state: MemoryState, block: Block): FinalizedBlock
}

const BLOCKS = 12

/** Three sectors with a deal each: what every stream starts from. */
export async function prepareGround(market: Market, folder: string): Promise<Ground> {
  const { chain, sealer, publish, activate } = market
  const people = [11, 12, 13].map((seed) => fund(chain, seed, 20n * GRN))
  const deals: number[] = []
  for (const number of [0, 1, 2]) {
    const piece = await sealer.piece(number, 1_000)
    deals.push(publish(piece, { extendableUntil: 10_000 }))
    await activate(number, [piece], deals.slice(-1))
  }
  let current: MemoryState = chain.state
  const reader: StateReader = {
    get: (key) => current.get(key),
    range: (prefix, after) => current.range(prefix, after),
  }
  const machine = createStateMachine({ reader })
  return {
    market,
    folder,
    people,
    deals,
    executeOn: (state, block) => {
      current = state
      return machine.finalizeBlock(block)
    },
  }
}

/** @throws when money was made or lost, or when a second execution differs */
export async function runStream(ground: Ground, seed: number): Promise<Record<string, number>> {
  const { market, folder } = ground
  const { genesis, state: from } = market.chain
  const chain = createTestChain({ params: genesis.params, from })
  const sealer = createTestSealer(chain, market.provider, market.owner, folder)
  const random = randomFrom(seed)
  const finalized: FinalizedBlock[] = []
  /** How often each message had each verdict, and each event happened. */
  const codes: Record<string, number> = {}
  let middle = from
  for (let count = 0; count < BLOCKS; count++) {
    if (count === BLOCKS / 2) middle = copyOf(chain.state)
    const candidates = Array.from({ length: random(5) }, (_, lane) => randomTx(ground, chain, random, 20 + lane))
    const [open] = wholePartitions(chain.state, market.provider, undefined, 1)
    if (open?.challenge !== undefined && random(3) > 0) {
      const body = { provider: market.provider, partition: open.number, ...(await sealer.prove(open.number)) }
      candidates.push(chain.sign(market.owner, 'SubmitPost', body, { lane: 10 }))
    }
    const block = chain.produce(candidates)
    finalized.push(block)
    if (block.writes.has('fee-level')) codes['fees moved'] = (codes['fees moved'] ?? 0) + 1
    for (const { kind, code } of block.results) codes[`${kind} ${code}`] = (codes[`${kind} ${code}`] ?? 0) + 1
    for (const { type } of chain.events.filter(({ height }) => height === chain.height)) {
      codes[type] = (codes[type] ?? 0) + 1
    }
  }
  executeAgain(ground, chain, copyOf(from), finalized, 0)
  executeAgain(ground, chain, middle, finalized, BLOCKS / 2)
  return codes
}

function executeAgain(
  ground: Ground,
  chain: TestChain,
  state: MemoryState,
  finalized: readonly FinalizedBlock[],
  first: number,
): void {
  for (let index = first; index < finalized.length; index++) {
    const { appHash, writes } = ground.executeOn(state, chain.blocks[index]!)
    if (appHash !== finalized[index]!.appHash)
      throw new Error(`block ${chain.blocks[index]!.height} gives another hash`)
    state.commit(writes)
  }
}

function copyOf(state: MemoryState): MemoryState {
  const copy = createMemoryState()
  copy.commit(new Map(state.range('')))
  return copy
}

/** Numbers below a bound, the same for the same seed. */
export function randomFrom(seed: number): (bound: number) => number {
  let state = sha256(Uint8Array.of(seed & 255, (seed >> 8) & 255, (seed >> 16) & 255, 2))
  return (bound) => {
    state = sha256(state)
    return ((state[0]! << 16) | (state[1]! << 8) | state[2]!) % bound
  }
}

function randomTx(
  { market, people, deals }: Ground,
  chain: TestChain,
  random: (bound: number) => number,
  lane: number,
): Uint8Array {
  const { owner, client, provider } = market
  const signer = [owner, client, ...people][random(2 + people.length)]!
  const deal = deals[random(deals.length)]!
  const sector = random(4)
  const amount = random(8) === 0 ? 10n ** 30n : BigInt(random(1_000_000)) * 10n ** 12n
  const options = { lane }
  switch (random(14)) {
    case 0:
      return chain.sign(signer, 'Transfer', { to: people[random(people.length)]!.address, amount }, options)
    case 1:
      return chain.sign(signer, 'DepositCollateral', { provider, amount }, options)
    case 2:
      return chain.sign(owner, 'WithdrawCollateral', { provider, amount: amount * BigInt(random(200)) }, options)
    case 3: {
      const nonce = BigInt(random(2 ** 20))
      const terms = termsFor(chain, signer.address, provider, { nonce, activateWithin: 3 + random(9) })
      const providerSignature = signTerms(chain, owner, terms)
      return chain.sign(signer, 'PublishDeal', { deals: [{ terms, providerSignature }] }, options)
    }
    case 4:
    case 5:
      return chain.sign(signer, 'SettleDeals', { deals: [deal, deals.length + 1 + random(4)] }, options)
    case 6:
      return chain.sign(client, 'CancelDeal', { deal, ...(random(3) === 0 && { atEnd: true }) }, options)
    case 7:
      return chain.sign(signer, random(2) === 0 ? 'TopUpByOrder' : 'TopUpDeal', { deal, epochs: random(20) }, options)
    case 8:
      return chain.sign(owner, 'DeclareFaults', { provider, partition: 0, sectors: [sector] }, options)
    case 9:
      return chain.sign(owner, 'RequestRecovery', { provider, partition: 0, sectors: [] }, options)
    case 10:
      return chain.sign(owner, 'TerminateSectors', { provider, sectors: [sector] }, options)
    case 11: {
      const { expiry = 0 } = sectorView(chain.state, provider, sector) ?? {}
      return chain.sign(owner, 'ExtendSectors', { provider, sectors: [sector], expiry: expiry + random(60) }, options)
    }
    case 12:
      return chain.sign(signer, 'CancelDeal', { deal: random(9) }, options)
    default:
      return sha256(Uint8Array.of(random(256))).slice(0, random(32))
  }
}
