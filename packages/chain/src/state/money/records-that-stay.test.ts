/** Records that stay for ever cost who makes them. */

import { type Address, accountSigner } from '@granary/protocol/messages'
import { describe, expect, test } from '@jest/globals'
import { createClaimedFarm } from '../../../test/claimed-farm.ts'
import { createTestChain, GRN, signTerms, termsFor } from '../../../test/test-chain.ts'
import { accountView, devnetParams, recount } from '../index.ts'

const FEE = devnetParams().accountFee
const stranger = (seed: number): Address => `0x${seed.toString(16).padStart(40, '0')}`
const profile = { sessionKey: new Uint8Array(0), endpoints: [], peerId: '', region: '', name: 'barn' }

describe('filling the state with records', () => {
  test('an address without a record costs accountFee once, and has exactly what was sent', () => {
    const { chain, client } = createClaimedFarm()
    expect(accountView(chain.state, stranger(7)).exists).toBe(false)
    const before = [chain.balance(client.address), recount(chain.state).burnt] as const
    const { fee } = chain.does(client, 'Transfer', { to: stranger(7), amount: 5n })
    expect(before[0] - chain.balance(client.address)).toBe(fee + FEE + 5n)
    expect(recount(chain.state).burnt - before[1]).toBe(fee + FEE)
    expect(accountView(chain.state, stranger(7))).toMatchObject({ exists: true, balance: '5' })
    const again = chain.does(client, 'Transfer', { to: stranger(7), amount: 5n })
    expect(before[0] - chain.balance(client.address)).toBe(fee + again.fee + FEE + 10n)
  })

  test('who cannot pay it moves nothing', () => {
    const { chain } = createClaimedFarm()
    const poor = accountSigner(new Uint8Array(32).fill(77))
    chain.does(chain.faucet, 'Transfer', { to: poor.address, amount: FEE })
    expect(chain.send(poor, 'Transfer', { to: stranger(8), amount: 1n }, { maxFee: FEE / 2n }).code).toBe(
      'INSUFFICIENT_FUNDS',
    )
    expect(accountView(chain.state, stranger(8))).toMatchObject({ exists: false, balance: '0' })
  })

  test('a provider costs ten times as much, and its payout address what an account does', () => {
    const { chain, client } = createClaimedFarm()
    const cost = (payout: Address): bigint => {
      const before = chain.balance(client.address)
      const { fee } = chain.does(client, 'RegisterProvider', { ...profile, payout })
      return before - chain.balance(client.address) - fee
    }
    expect([cost(client.address), cost(stranger(9)), cost(stranger(9))]).toEqual([10n * FEE, 11n * FEE, 10n * FEE])
    const { provider } = chain.events.findLast((event) => event.type === 'provider:registered') as unknown as {
      provider: number
    }
    const before = chain.balance(client.address)
    const { fee } = chain.does(client, 'UpdateProvider', { ...profile, provider, payout: stranger(10) })
    expect(before - chain.balance(client.address) - fee).toBe(FEE)
    expect(accountView(chain.state, stranger(10))).toMatchObject({ exists: true, balance: '0' })
  })

  test('a deal costs a fifth of it', () => {
    const { chain, client, owner, provider } = createClaimedFarm()
    const deals = [1n, 2n].map((nonce) => {
      const terms = termsFor(chain, client.address, provider, { nonce })
      return { terms, providerSignature: signTerms(chain, owner, terms) }
    })
    const before = chain.balance(client.address)
    const { fee } = chain.does(client, 'PublishDeal', { deals })
    const price = deals.reduce((sum, { terms }) => sum + terms.pricePerEpoch * BigInt(terms.duration), 0n)
    expect(before - chain.balance(client.address)).toBe(price + fee + (2n * FEE) / 5n)
  })

  test('thirteen million accounts cost 13,000 GRN, not 216', () => {
    expect(13_000_000n * FEE).toBe(13_000n * GRN)
    expect(createTestChain().genesis.params.accountFee).toBe(FEE)
  })
})
