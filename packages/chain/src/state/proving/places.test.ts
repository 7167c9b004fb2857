/** Where a sector has its place, from its pre-commit on, and what all the places of a chain cost. */
import { readFile } from 'node:fs/promises'
import type { Signer } from '@granary/protocol/messages'
import type { ChainParams } from '@granary/protocol/records'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { claimedAnswer, claimedPoRep, claimedProofs, claimedSector } from '../../../test/claimed-proofs.ts'
import { createRules, PROVIDER } from '../../../test/rules.ts'
import { createTestChain, fund, GRN, registerProvider, type TestChain } from '../../../test/test-chain.ts'
import { wholePartitions } from '../../../test/whole-partitions.ts'
import { productionParams, providerView, sectorView, TxError } from '../index.ts'
import { totalsOf, writeProvider } from '../money/ledger.ts'
import type { BlockContext } from '../store/context.ts'
import { tables } from '../store/tables.ts'
import { reservePlace, takePlace } from './partitions.ts'
import { slotsTaken } from './slots.ts'

const DEPOSIT = GRN / 1_000n
const short: Partial<ChainParams> = {
  provingPeriod: 2,
  slotPartitionsMax: 1,
  partitionSectorsMax: 2,
  partitionDeposit: DEPOSIT,
  postSamples: 2,
  cutoff: 1,
  faultGrace: 10,
  faultMaxAge: 30,
  seedDelay: 2,
  commitExpiry: 8,
  ticketMaxAge: 30,
  dealDurationMin: 5,
  dealDurationMax: 1_000,
}

interface Farm {
  readonly owner: Signer
  readonly provider: number
}

function farmOf(chain: TestChain, seed: number): Farm {
  const owner = fund(chain, seed)
  return { owner, provider: registerProvider(chain, owner) }
}

function preCommit(chain: TestChain, { owner, provider }: Farm, numbers: readonly number[]): string {
  const expiry = chain.height + 100
  const sectors = numbers.map((number) => claimedSector(chain, { number, deals: [], expiry, pieceCids: [] }))
  const bytes = chain.sign(owner, 'PreCommitSectors', { provider, sectors })
  const verdict = chain.machine.checkTx(bytes, 0)
  if (verdict.code === 'OK') chain.produce([bytes])
  return verdict.code
}

function prove(chain: TestChain, { owner, provider }: Farm, number: number): string {
  while (sectorView(chain.state, provider, number)!.seed === undefined) chain.produce()
  return chain.send(owner, 'ProveCommitSector', { provider, number, bundle: claimedPoRep() }).code
}

const collateral = (chain: TestChain, { provider }: Farm): { free: bigint; locked: bigint } => {
  const { free, locked } = providerView(chain.state, provider)!.collateral
  return { free: BigInt(free), locked: BigInt(locked) }
}

describe('taking the last slot between a pre-commit and its proof', () => {
  const chain = createTestChain({ verifiers: claimedProofs, params: short })
  const [first, second, third] = [farmOf(chain, 2), farmOf(chain, 3), farmOf(chain, 4)]

  test('the place is kept: whoever comes later has none, and is told so before it seals for nothing', () => {
    expect([preCommit(chain, first, [0]), preCommit(chain, second, [0, 1])]).toEqual(['OK', 'OK'])
    const expiry = chain.height + 100
    const sectors = [claimedSector(chain, { number: 0, deals: [], expiry, pieceCids: [] })]
    const late = chain.sign(third.owner, 'PreCommitSectors', { provider: third.provider, sectors })
    expect(chain.machine.checkTx(late, 0)).toMatchObject({ code: 'NO_SLOT', retryable: true })
    expect([prove(chain, first, 0), prove(chain, second, 1)]).toEqual(['OK', 'OK'])
    expect(wholePartitions(chain.state, second.provider, undefined, 9)).toMatchObject([
      { number: 0, sectors: [{ number: 1 }] },
    ])
  })

  test('one that is not proven in time gives it back, and the partition goes on with the other', () => {
    chain.advance(9)
    expect(sectorView(chain.state, second.provider, 0)!.state).toBe('terminated')
    expect(preCommit(chain, third, [0])).toBe('NO_SLOT')
    expect([preCommit(chain, second, [2]), prove(chain, second, 2)]).toEqual(['OK', 'OK'])
    expect(wholePartitions(chain.state, second.provider, undefined, 9)).toHaveLength(1)
  })
})

test('a partition without any sector stands in its slot, unchallenged, and retires with the last place kept in it', () => {
  const chain = createTestChain({ verifiers: claimedProofs, params: short })
  const [first, second, third] = [farmOf(chain, 2), farmOf(chain, 3), farmOf(chain, 4)]
  const before = collateral(chain, first)
  for (const farm of [first, second]) preCommit(chain, farm, [0, 1])
  const { locked } = collateral(chain, first)
  expect(preCommit(chain, third, [0])).toBe('NO_SLOT')
  chain.advance(5)
  expect(chain.events.filter((event) => event.type === 'challenge:opened')).toEqual([])
  expect(wholePartitions(chain.state, first.provider, undefined, 9)).toMatchObject([{ number: 0, sectors: [] }])
  chain.advance(5)
  expect(wholePartitions(chain.state, first.provider, undefined, 9)).toEqual([])
  // The deposits of the two sectors burn; their pledge and the partition's deposit are free again.
  const burnt = (locked - DEPOSIT) / 2n
  expect(collateral(chain, first)).toEqual({ free: before.free - burnt, locked: 0n })
  expect(preCommit(chain, third, [0])).toBe('OK')
})

test('withdrawing what the partition deposits before the proof: it was locked with the pre-commit', () => {
  const chain = createTestChain({ verifiers: claimedProofs, params: short })
  const farm = farmOf(chain, 2)
  const { owner, provider } = farm
  const withdrawAll = (): void => {
    chain.does(owner, 'WithdrawCollateral', { provider, amount: collateral(chain, farm).free })
  }
  withdrawAll()
  // Enough for the sector, and not for its partition.
  chain.does(owner, 'DepositCollateral', { provider, amount: DEPOSIT })
  expect(preCommit(chain, farm, [0])).toBe('INSUFFICIENT_COLLATERAL')
  chain.does(owner, 'DepositCollateral', { provider, amount: DEPOSIT })
  expect(preCommit(chain, farm, [0])).toBe('OK')
  withdrawAll()
  expect(prove(chain, farm, 0)).toBe('OK')
})

test('a proof under an open challenge takes its place there, and no list that was frozen before holds it', () => {
  const chain = createTestChain({ verifiers: claimedProofs, params: { ...short, partitionSectorsMax: 9 } })
  const farm = farmOf(chain, 2)
  const { owner, provider } = farm
  preCommit(chain, farm, [0, 1])
  prove(chain, farm, 0)
  const open = () => wholePartitions(chain.state, provider, undefined, 1)[0]?.challenge
  while (open() === undefined) chain.produce()
  expect(chain.send(owner, 'ProveCommitSector', { provider, number: 1, bundle: claimedPoRep() }).code).toBe('OK')
  expect(wholePartitions(chain.state, provider, undefined, 9)).toMatchObject([
    { number: 0, sectors: [{ number: 0 }, { number: 1 }], challenge: { sectors: [{ number: 0 }] } },
  ])
  // Missed: it was not asked for, so it is not faulty.
  const { deadline } = open()!
  chain.advanceTo(deadline)
  expect(sectorView(chain.state, provider, 0)!.state).toBe('faulty')
  expect(sectorView(chain.state, provider, 1)!.state).toBe('active')
  while (open() === undefined) chain.produce()
  chain.does(owner, 'SubmitPost', claimedAnswer(chain, provider, 0)!)
  expect(wholePartitions(chain.state, provider, undefined, 9)).toMatchObject([{ power: 2_048 }])
})

describe('filling all places with partitions of one sector', () => {
  // A 48th of the slots of production, each of which counts for 48: deposits follow the share of the places that is taken.
  const PART = 48
  const production = productionParams(5_000)
  const params = { ...production, provingPeriod: production.provingPeriod / PART }
  const places = params.provingPeriod * params.slotPartitionsMax
  let economics: string
  beforeAll(async () => {
    economics = await readFile(new URL('../../../../../docs/economics.md', import.meta.url), 'utf8')
  })

  test('costs what docs/economics.md says, place by place, and then there is none', () => {
    const locked = fillPlaces(
      params,
      [0.5, 0.75, 0.9, 1].map((load) => load * places),
    )
    const rows = locked.map(({ taken, deposits, next }) => {
      const cost = next === undefined ? 'there is none' : grn(next)
      const cells = [
        `${(100 * taken) / places} %`,
        (PART * taken).toLocaleString('en'),
        grn(BigInt(PART) * deposits),
        cost,
      ]
      return `| ${cells.join(' | ')} |`
    })
    expect(rows).toHaveLength(4)
    expect(rows.filter((row) => !economics.includes(row))).toEqual([])
  })
})

const grn = (amount: bigint): string => `${(Number(amount / (GRN / 100n)) / 100).toLocaleString('en')} GRN`

interface Filled {
  readonly taken: number
  readonly deposits: bigint
  /** What the next place costs; undefined: there is none. */
  readonly next: bigint | undefined
}

/** A provider for each place, which has one sector of 4 GiB in it; pledges and proofs are left out. */
function fillPlaces(params: ChainParams, stops: readonly number[]): Filled[] {
  const rules = createRules(params)
  const filled: Filled[] = []
  const begin = (height: number): BlockContext => rules.begin(height, { timeMs: height, entropy: undefined })
  let context = begin(1)
  for (let taken = 0; ; taken++) {
    const { store } = context
    const deposits = totalsOf(store).collateralLocked
    const provider = PROVIDER + 1 + taken
    const record = tables.providers.get(store, PROVIDER)!
    writeProvider(store, provider, { ...record, collateralFree: 1_000n * GRN })
    const code = codeOf(() => {
      const partition = reservePlace(context, provider, '4GiB')
      takePlace(context, provider, partition, { number: 0, commR: new Uint8Array(32), expiry: 9, pay: 0n })
    })
    const next = code === 'OK' ? totalsOf(store).collateralLocked - deposits : undefined
    if (stops.includes(taken)) filled.push({ taken, deposits, next })
    if (next === undefined) {
      expect([code, slotsTaken(store)]).toEqual(['NO_SLOT', taken])
      return filled
    }
    if (taken % 20 !== 0) continue
    rules.commit()
    context = begin(2 + taken / 20)
  }
}

function codeOf(work: () => void): string {
  try {
    work()
    return 'OK'
  } catch (error) {
    if (error instanceof TxError) return error.code
    throw error
  }
}
