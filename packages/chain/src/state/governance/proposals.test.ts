import type { MessageBodies } from '@granary/protocol/messages'
import { describe, expect, test } from '@jest/globals'
import { createTestChain, fund, GRN, type TestChain } from '../../../test/test-chain.ts'
import { readParams } from '../index.ts'
import { totalsOf } from '../money/ledger.ts'
import { tables } from '../store/tables.ts'
import { governedParams } from './governed-params.ts'
import { rulesOf } from './rules-version.ts'
import { votingTerms } from './voting-terms.ts'

const { period, delay, deposit } = votingTerms({ devnet: true, blockTimeMs: 500 })
const GOVERNED = Object.keys(governedParams)

function changing(name: string, value: bigint): MessageBodies['SubmitProposal'] {
  return { title: `${name} becomes ${value}`, link: '', changes: [{ name, value }], release: '' }
}

function upgrading(upgradeAt: number, rules = 2): MessageBodies['SubmitProposal'] {
  return { title: 'new rules', link: '', changes: [], upgradeAt, rules, release: 'granary 2' }
}

/** The faucet owns the validator of the test chain. */
function submit(chain: TestChain, content: MessageBodies['SubmitProposal']): number {
  const { events } = chain.does(chain.faucet, 'SubmitProposal', content)
  return events.find((event) => event.type === 'proposal:submitted')!.proposal
}

function accept(chain: TestChain, content: MessageBodies['SubmitProposal']): number {
  const id = submit(chain, content)
  chain.does(chain.faucet, 'Vote', { proposal: id, choice: 'yes' })
  chain.advanceTo(tables.proposals.get(chain.state, id)!.endsAt)
  return id
}

/** What a node says to it, without a block. */
function codeOf(chain: TestChain, content: MessageBodies['SubmitProposal']): string {
  return chain.machine.checkTx(chain.sign(chain.faucet, 'SubmitProposal', content), 0).code
}

const proposalOf = ({ state }: TestChain, id: number) => tables.proposals.get(state, id)!

test('what is accepted counts from the block after the one that was said at first', () => {
  const chain = createTestChain()
  const { accountFee } = chain.genesis.params
  const at = chain.height + 1
  const id = submit(chain, changing('accountFee', 5n))
  expect(proposalOf(chain, id)).toMatchObject({ state: 'voting', endsAt: at + period, executesAt: at + period + delay })
  chain.does(chain.faucet, 'Vote', { proposal: id, choice: 'yes' })
  chain.advanceTo(at + period - 1)
  expect(proposalOf(chain, id).state).toBe('voting')
  chain.advanceTo(at + period)
  expect(proposalOf(chain, id)).toMatchObject({ state: 'accepted', yes: 10n, no: 0n, abstain: 0n })
  chain.advanceTo(at + period + delay - 1)
  expect(readParams(chain.state).accountFee).toBe(accountFee)
  chain.advanceTo(at + period + delay)
  expect(proposalOf(chain, id)).toMatchObject({ state: 'done', end: 'none' })
  expect(readParams(chain.state)).toEqual({ ...chain.genesis.params, accountFee: 5n })
  const closed = chain.events.filter((event) => event.type === 'proposal:closed')
  expect(closed.map(({ height, state }) => [height, state])).toEqual([
    [at + period, 'accepted'],
    [at + period + delay, 'done'],
  ])
  expect([...tables.ballots.entries(chain.state, [])]).toEqual([])
  expect([...tables.proposalsDue.entries(chain.state, [])]).toEqual([])
})

describe('the deposit', () => {
  test.each([
    ['yes', 'accepted', 0n],
    ['no', 'rejected', 0n],
    ['abstain', 'rejected', 0n],
    [undefined, 'rejected', deposit],
  ] as const)('of a proposal to which %s is said, and which is %s, loses %s', (choice, state, lost) => {
    const chain = createTestChain()
    const before = chain.balance(chain.faucet.address)
    const fees: bigint[] = []
    fees.push(chain.does(chain.faucet, 'SubmitProposal', changing('accountFee', 5n)).fee)
    expect(chain.balance(chain.faucet.address)).toBe(before - fees[0]! - deposit)
    if (choice !== undefined) fees.push(chain.does(chain.faucet, 'Vote', { proposal: 1, choice }).fee)
    chain.advanceTo(proposalOf(chain, 1).endsAt)
    expect(proposalOf(chain, 1)).toMatchObject({ state, deposit: 0n })
    const paid = fees.reduce((sum, fee) => sum + fee, lost)
    expect(chain.balance(chain.faucet.address)).toBe(before - paid)
  })

  test('has to be there', () => {
    const chain = createTestChain()
    const heir = fund(chain, 9).address
    chain.does(chain.faucet, 'Transfer', { to: heir, amount: chain.balance(chain.faucet.address) - deposit })
    const { code } = chain.send(chain.faucet, 'SubmitProposal', changing('accountFee', 5n), { maxFee: GRN / 100n })
    expect(code).toBe('INSUFFICIENT_FUNDS')
  })
})

describe('a vote', () => {
  test('that is changed counts as it was said last', () => {
    const chain = createTestChain()
    submit(chain, changing('accountFee', 5n))
    for (const choice of ['yes', 'abstain', 'no'] as const) chain.does(chain.faucet, 'Vote', { proposal: 1, choice })
    chain.advanceTo(proposalOf(chain, 1).endsAt)
    expect(proposalOf(chain, 1)).toMatchObject({ state: 'rejected', end: 'majority', yes: 0n, no: 10n, abstain: 0n })
  })

  test('counts in the last block of its time, and not in the one after it', () => {
    const chain = createTestChain()
    submit(chain, changing('accountFee', 5n))
    chain.advanceTo(proposalOf(chain, 1).endsAt - 1)
    expect(chain.send(chain.faucet, 'Vote', { proposal: 1, choice: 'yes' }).code).toBe('OK')
    expect(proposalOf(chain, 1).state).toBe('accepted')
    expect(chain.send(chain.faucet, 'Vote', { proposal: 1, choice: 'no' }).code).toBe('VOTE_OVER')
  })

  test('a vote that is said again counts once', () => {
    const chain = createTestChain()
    submit(chain, changing('accountFee', 5n))
    const bytes = chain.sign(chain.faucet, 'Vote', { proposal: 1, choice: 'yes' })
    chain.produce([bytes, bytes])
    expect(chain.machine.checkTx(bytes, 0).code).toBe('SEQUENCE_TOO_LOW')
    chain.advanceTo(proposalOf(chain, 1).endsAt)
    expect(proposalOf(chain, 1).yes).toBe(10n)
  })
})

describe('proposals that conflict', () => {
  /** Two that are accepted before the first is carried out. */
  function both(chain: TestChain, first: MessageBodies['SubmitProposal'], second: MessageBodies['SubmitProposal']) {
    const one = accept(chain, first)
    // The delay is shorter than a vote: the second is brought to its end by the state alone.
    const id = submit(chain, second)
    chain.does(chain.faucet, 'Vote', { proposal: id, choice: 'yes' })
    chain.advanceTo(proposalOf(chain, id).executesAt)
    return [proposalOf(chain, one), proposalOf(chain, id)] as const
  }

  test('of two proposals about one parameter the later one does not undo the first unseen', () => {
    const chain = createTestChain()
    const [one, two] = both(chain, changing('accountFee', 5n), changing('accountFee', 7n))
    expect([one.state, two.state, two.end]).toEqual(['done', 'failed', 'changed'])
    expect(readParams(chain.state).accountFee).toBe(5n)
  })

  test('two about different parameters are both made', () => {
    const chain = createTestChain()
    const { dealDurationMin } = chain.genesis.params
    const [one, two] = both(
      chain,
      changing('feeBase', GRN / 1_000n),
      changing('dealDurationMin', BigInt(dealDurationMin + 1)),
    )
    expect([one.state, two.state]).toEqual(['done', 'done'])
    expect(readParams(chain.state)).toMatchObject({ feeBase: GRN / 1_000n, dealDurationMin: dealDurationMin + 1 })
  })

  test('of two upgrades the first is planned', () => {
    const chain = createTestChain()
    const far = chain.height + 10 * (period + delay)
    const [one, two] = both(chain, upgrading(far), upgrading(far + 1))
    expect([one.state, two.state, two.end]).toEqual(['done', 'failed', 'planned'])
    expect(rulesOf(chain.state)).toMatchObject({ version: 1, upgrade: { height: far, rules: 2 } })
    expect(chain.send(chain.faucet, 'SubmitProposal', upgrading(far + 9)).code).toBe('PROPOSAL_INVALID')
  })
})

test('at the least of all fees a message still has a level', () => {
  const chain = createTestChain()
  const changes = ['feeBase', 'feeByte', 'feeUnit', 'feeProving'].map((name) => ({
    name,
    value: governedParams[name as keyof typeof governedParams]!.bound(chain.genesis.params).min,
  }))
  accept(chain, { title: 'all the least', link: '', changes, release: '' })
  chain.advanceTo(proposalOf(chain, 1).executesAt)
  const tx = chain.sign(chain.faucet, 'Transfer', { to: fund(chain, 9).address, amount: 1n }, { maxFee: GRN })
  expect(chain.machine.checkTx(tx, 0)).toMatchObject({ code: 'OK' })
  expect(chain.send(chain.faucet, 'Vote', { proposal: 1, choice: 'no' }).code).toBe('VOTE_OVER')
})

test('places of proposals are not filled for others', () => {
  const chain = createTestChain()
  const stranger = fund(chain, 9)
  expect(chain.send(stranger, 'SubmitProposal', changing('accountFee', 5n)).code).toBe('NO_VOTING_POWER')
  submit(chain, changing('accountFee', 5n))
  expect(chain.send(chain.faucet, 'SubmitProposal', changing('feeBase', GRN / 1_000n)).code).toBe('PROPOSAL_OPEN')
  chain.advanceTo(proposalOf(chain, 1).endsAt)
  expect(submit(chain, changing('feeBase', GRN / 1_000n))).toBe(2)
})

test('a proposal that nobody looks at costs its deposit', () => {
  const chain = createTestChain()
  submit(chain, changing('accountFee', 5n))
  const { burnt } = totalsOf(chain.state)
  chain.advanceTo(proposalOf(chain, 1).endsAt)
  expect(proposalOf(chain, 1)).toMatchObject({ state: 'rejected', end: 'quorum' })
  expect(totalsOf(chain.state).burnt - burnt).toBe(deposit)
})

test.each(GOVERNED)('no vote moves %s beyond its bounds', (name) => {
  const chain = createTestChain()
  const { min, max } = governedParams[name as keyof typeof governedParams]!.bound(chain.genesis.params)
  const beyond = [max + 1n, ...(min > 0n ? [min - 1n] : [])]
  const codes = beyond.map((value) => codeOf(chain, changing(name, value)))
  expect(new Set(codes)).toEqual(new Set(['PARAM_NOT_CHANGEABLE']))
})

test('no vote changes what challenges, locks and promises were made by', () => {
  const chain = createTestChain()
  const others = Object.keys(chain.genesis.params).filter((name) => !GOVERNED.includes(name))
  expect(others).toContain('postSamples')
  const codes = others.map((name) => codeOf(chain, changing(name, 1n)))
  expect(new Set(codes)).toEqual(new Set(['PARAM_NOT_CHANGEABLE']))
})
