/** What a key that is not the account's own may not do: chain.md section 1. */

import { sessionSigner } from '@granary/protocol/messages'
import { describe, expect, test } from '@jest/globals'
import { createClaimedFarm } from '../../../test/claimed-farm.ts'
import { type ClaimedPartition, createClaimedPartition } from '../../../test/claimed-partition.ts'
import { claimedSector } from '../../../test/claimed-proofs.ts'
import { GRN, registeredIn, signTerms, termsFor } from '../../../test/test-chain.ts'
import { providerView, readHead } from '../index.ts'

const NO_KEY = new Uint8Array(0)
const profile = { sessionKey: NO_KEY, endpoints: [], peerId: '', region: '', name: 'barn' }
const keyOf = (seed: number, account: `0x${string}`) => sessionSigner(new Uint8Array(32).fill(seed), account)

test("registering a provider to become its daemon's key: no scope allows it", () => {
  const { chain, owner, codeOf } = createClaimedFarm()
  const { publicKey } = keyOf(9, owner.address)
  const grant = { publicKey, scopes: ['RegisterProvider'], expires: 500, spendingLimit: GRN }
  expect(chain.send(owner, 'AuthorizeKey', grant).code).toBe('SCOPE_UNKNOWN')
  chain.does(owner, 'AuthorizeKey', { ...grant, scopes: ['Transfer', 'SetAsk'] })
  const body = { ...profile, payout: owner.address, sessionKey: publicKey }
  expect(codeOf(keyOf(9, owner.address), 'RegisterProvider', body)).toBe('KEY_SCOPE_MISSING')
  expect(codeOf(keyOf(9, owner.address), 'UpdateProvider', { ...body, provider: 1_000 })).toBe('KEY_SCOPE_MISSING')
})

describe('spending collateral by a session key beyond its limit', () => {
  const LIMIT = GRN / 1_000n
  function limited(scopes: readonly string[]) {
    const farm = createClaimedFarm({ pledgePerGiB: 500n * GRN, preCommitDepositPerGiB: 500n * GRN })
    const key = keyOf(9, farm.owner.address)
    farm.chain.does(farm.owner, 'AuthorizeKey', {
      publicKey: key.publicKey,
      scopes,
      expires: 5_000,
      spendingLimit: LIMIT,
    })
    return { ...farm, key }
  }

  test('a pre-commit counts with what it locks', () => {
    const { chain, provider, key } = limited(['PreCommitSectors'])
    const preCommit = (number: number): string => {
      const sector = claimedSector(chain, { number, deals: [], expiry: chain.height + 60, pieceCids: [] })
      return chain.send(key, 'PreCommitSectors', { provider, sectors: [sector] }).code
    }
    // Pledge, deposit and the deposit of the partition.
    expect(preCommit(0)).toBe('SPENDING_LIMIT_REACHED')
    expect(providerView(chain.state, provider)!.collateral.locked).toBe('0')
  })

  test('a withdrawal counts, though the money comes to the account', () => {
    const { chain, provider, key } = limited(['WithdrawCollateral'])
    const withdraw = (amount: bigint): string => chain.send(key, 'WithdrawCollateral', { provider, amount }).code
    expect([withdraw(LIMIT), withdraw(LIMIT / 2n), withdraw(LIMIT / 2n)]).toEqual([
      'SPENDING_LIMIT_REACHED',
      'OK',
      'SPENDING_LIMIT_REACHED',
    ])
  })

  test('a termination counts with what it burns', () => {
    const farm = limited(['TerminateSectors'])
    const { chain, provider, key } = farm
    farm.store({ pricePerEpoch: LIMIT, providerCollateral: 60n * LIMIT })
    expect(chain.send(key, 'TerminateSectors', { provider, sectors: [0] }).code).toBe('SPENDING_LIMIT_REACHED')
  })

  test('terms count with the collateral that they lock, whoever publishes them', () => {
    const { chain, client, provider, key } = limited(['terms'])
    const publish = (nonce: bigint, providerCollateral: bigint): string => {
      const terms = termsFor(chain, client.address, provider, { nonce, providerCollateral, pricePerEpoch: 1n })
      return chain.send(client, 'PublishDeal', { deals: [{ terms, providerSignature: signTerms(chain, key, terms) }] })
        .code
    }
    expect([publish(1n, LIMIT + 1n), publish(2n, LIMIT), publish(3n, 100n)]).toEqual([
      'SPENDING_LIMIT_REACHED',
      'OK',
      'SPENDING_LIMIT_REACHED',
    ])
  })
})

describe('burning more than its session key may spend', () => {
  const COUNT = 8
  function market(limit: bigint, kind: 'SubmitPost' | 'DeclareFaults') {
    const partition = createClaimedPartition({ sectors: COUNT, prices: [GRN / 1_000n] })
    const { chain, owner } = partition
    const key = keyOf(9, owner.address)
    const grant = { publicKey: key.publicKey, scopes: [kind], expires: 9_999, spendingLimit: limit }
    chain.does(owner, 'AuthorizeKey', grant)
    partition.untilChallenged()
    return { ...partition, key }
  }
  const burntBy = ({ chain }: Pick<ClaimedPartition, 'chain'>, reason: string): bigint =>
    chain.events
      .filter((event) => event.type === 'provider:charged')
      .filter((event) => event.reason === reason && event.height === chain.height)
      .reduce((sum, { amount }) => sum + BigInt(amount), 0n)

  /** What it takes of the limit in all, as a key without bounds has it. */
  function costOf(kind: 'SubmitPost' | 'DeclareFaults'): bigint {
    const free = market(1_000_000n * GRN, kind)
    const { fee } = free.does(kind, bodyOf(free, kind), free.key)
    return fee + burntBy(free, kind === 'SubmitPost' ? 'SECTOR_SKIPPED' : 'FAULT_DECLARED')
  }
  const bodyOf = ({ answerBody, provider }: ClaimedPartition, kind: 'SubmitPost' | 'DeclareFaults'): never =>
    (kind === 'SubmitPost' ? answerBody([0]) : { provider, partition: 0, sectors: [0] }) as never

  test.each(['SubmitPost', 'DeclareFaults'] as const)('%s: no node takes it, and no block', (kind) => {
    const cost = costOf(kind)
    const short = market(cost - 1n, kind)
    const { chain, key, view } = short
    const bytes = chain.sign(key, kind, bodyOf(short, kind), { lane: 9 })
    expect(chain.machine.checkTx(bytes, 0).code).toBe('SPENDING_LIMIT_REACHED')
    expect(chain.produce([bytes]).results.filter((result) => result.kind === kind)).toEqual([])
    const { timeMs } = readHead(chain.state)
    const block = { height: chain.height + 1, timeMs: timeMs + chain.genesis.blockTimeMs, txs: [bytes] }
    expect(chain.machine.processBlock(block)).toMatchObject({
      accept: false,
      reason: expect.stringMatching(/SPENDING_LIMIT_REACHED|the limit|its limit/),
    })
    expect(view().challenge).toBeDefined()
    const enough = market(cost, kind)
    expect(enough.does(kind, bodyOf(enough, kind), enough.key).code).toBe('OK')
  })

  test('the whole list is answered by the same key', () => {
    const { does, answerBody, key } = market(GRN / 1_000n, 'SubmitPost')
    expect(does('SubmitPost', answerBody(), key).code).toBe('OK')
  })
})

test('changing the key of one provider to silence another: a key that serves two stays until both have changed', () => {
  const { chain, owner, codeOf } = createClaimedFarm()
  const key = keyOf(9, owner.address)
  const body = { ...profile, payout: owner.address, sessionKey: key.publicKey }
  const register = (): number => registeredIn(chain.does(owner, 'RegisterProvider', body).events)
  const [first, second] = [register(), register()]
  const settle = (): string => codeOf(key, 'SettleDeals', { deals: [1] })
  expect(settle()).toBe('DEAL_NOT_FOUND')
  chain.does(owner, 'UpdateProvider', { ...body, provider: first, sessionKey: NO_KEY })
  expect(settle()).toBe('DEAL_NOT_FOUND')
  chain.does(owner, 'UpdateProvider', { ...body, provider: second, sessionKey: keyOf(8, owner.address).publicKey })
  expect(settle()).toBe('KEY_NOT_AUTHORIZED')
})
