import type { Address } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { claimedSigner, claimedSigners } from '../../../test/pool-node.ts'
import { createTestChain, GRN } from '../../../test/test-chain.ts'
import { FEE_LEVEL_MAX, feeLevelOf } from '../money/base-fee.ts'

const ACCOUNT: Address = `0x${'44'.repeat(20)}`
const TO: Address = `0x${'77'.repeat(20)}`
const MAX_FEE = 1_000_000n * GRN
/** The messages that take most units for their fee, and a few of the smallest: together the general half, to the unit. */
const TERMINATIONS = 23
const TRANSFERS = 5
const SECTORS_MAX = 256
const HOUR_BLOCKS = 720
/** Until the level is as high as it gets, and some more: from there on each block costs the same. */
const EXECUTED_BLOCKS = 130

test('an hour of full blocks costs what docs/economics.md says', () => {
  const chain = createTestChain({ verifiers: { ...claimedSigners, beacon: () => true }, recounts: false })
  const signer = claimedSigner(ACCOUNT)
  chain.does(chain.faucet, 'Transfer', { to: ACCOUNT, amount: 20_000_000n * GRN })
  // Of a provider that does not exist: it fails, and its fee is burnt.
  const sectors = Array.from({ length: SECTORS_MAX }, (_, index) => 100_000 + index)
  const spent: bigint[] = []
  let maximumAfter = 0
  let total = 0n
  for (let block = 1; block <= EXECUTED_BLOCKS; block++) {
    const options = { maxFee: MAX_FEE, validUntil: 10_000 }
    const large = Array.from({ length: TERMINATIONS }, (_, lane) =>
      chain.sign(signer, 'TerminateSectors', { provider: 7_777, sectors }, { ...options, lane: 5 + lane }),
    )
    const small = Array.from({ length: TRANSFERS }, (_, lane) =>
      chain.sign(signer, 'Transfer', { to: TO, amount: 1n }, { ...options, lane }),
    )
    const results = chain.produce([...large, ...small]).results.filter(({ id }) => id !== null)
    expect(results).toHaveLength(TERMINATIONS + TRANSFERS)
    total += results.reduce((sum, { fee }) => sum + fee, 0n)
    spent.push(total)
    if (maximumAfter === 0 && feeLevelOf(chain.state) === FEE_LEVEL_MAX) maximumAfter = block
  }
  const costs = spent.map((sum, index) => sum - (spent[index - 1] ?? 0n))
  const [last = 0n] = costs.slice(-1)
  expect(costs.slice(maximumAfter)).toEqual(Array(EXECUTED_BLOCKS - maximumAfter).fill(last))
  const hour = total + BigInt(HOUR_BLOCKS - EXECUTED_BLOCKS) * last
  const grn = (amount: bigint): number => Number(amount / (GRN / 10_000n)) / 10_000
  expect(maximumAfter).toBe(118)
  // One block, 40 s, five minutes, a block at the highest level, an hour.
  expect([spent[0]!, spent[7]!, spent[59]!, last, hour].map(grn)).toEqual([
    0.0081, 0.1015, 75.9898, 8_107.49, 4_951_173.8094,
  ])
}, 600_000)
