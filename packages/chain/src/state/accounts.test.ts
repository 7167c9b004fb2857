import { expect, test } from '@jest/globals'
import { createTestChain, fund, GRN } from '../../test/test-chain.ts'

test('a transfer moves the amount, its fee is burnt', () => {
  const chain = createTestChain()
  const alice = fund(chain, 2, 10n * GRN)
  const { fee } = chain.does(alice, 'Transfer', { to: `0x${'ab'.repeat(20)}`, amount: 3n * GRN })
  expect(fee).toBeGreaterThan(0n)
  expect(chain.balance(`0x${'ab'.repeat(20)}`)).toBe(3n * GRN)
  expect(chain.balance(alice.address)).toBe(7n * GRN - fee)
})
