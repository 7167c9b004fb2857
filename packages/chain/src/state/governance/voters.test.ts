/** Who may vote, with several validators of several owners: the genesis' own with a power of 10, and two of 10 and 30 beside it. */
import type { MessageBodies, Signer, TransactionName } from '@granary/protocol/messages'
import { possessionDigest } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { ed25519 } from '@noble/curves/ed25519.js'
import { createTestChain, fund, GRN, type TestChain } from '../../../test/test-chain.ts'
import { proposalView } from '../index.ts'
import { tables } from '../store/tables.ts'

/** As an engine of several validators makes blocks, all of whom have voted for each. */
const report = { absent: [], doubleVotes: [] }
const seedOf = (seed: number): Uint8Array => new Uint8Array(32).fill(seed)
const PROPOSAL = { title: '', link: '', changes: [{ name: 'accountFee', value: 5n }], release: '' }

function send<N extends TransactionName>(chain: TestChain, signer: Signer, kind: N, body: MessageBodies[N]): string {
  const { results } = chain.produce([chain.sign(signer, kind, body)], { report })
  return results.find((result) => result.kind === kind)!.code
}

function bond(chain: TestChain, owner: Signer, seed: number, amount: bigint): void {
  const possession = ed25519.sign(possessionDigest(chain.genesisHash, owner.address), seedOf(seed))
  const validator = ed25519.getPublicKey(seedOf(seed))
  expect(send(chain, owner, 'BondValidator', { validator, amount, possession })).toBe('OK')
}

function threeOwners() {
  const chain = createTestChain()
  const [one, two] = [fund(chain, 61), fund(chain, 62)]
  bond(chain, one, 61, 10n * GRN)
  bond(chain, two, 62, 30n * GRN)
  chain.produce([], { report })
  expect(send(chain, one, 'SubmitProposal', PROPOSAL)).toBe('OK')
  return { chain, one, two }
}

function counted(chain: TestChain) {
  const { endsAt } = tables.proposals.get(chain.state, 1)!
  while (chain.height < endsAt) chain.produce([], { report })
  return proposalView(chain.state, 1)
}

const vote = (chain: TestChain, owner: Signer, choice: 'yes' | 'no'): string =>
  send(chain, owner, 'Vote', { proposal: 1, choice })

test('each owner votes with the power of its validators', () => {
  const { chain, one, two } = threeOwners()
  expect([vote(chain, one, 'no'), vote(chain, two, 'yes'), vote(chain, chain.faucet, 'yes')]).toEqual([
    'OK',
    'OK',
    'OK',
  ])
  expect(counted(chain)).toMatchObject({ state: 'accepted', power: '50', yes: '40', no: '10' })
})

test('what was bonded after a proposal has no vote on it, nor has a bond that grew', () => {
  const { chain, one } = threeOwners()
  const late = fund(chain, 63)
  bond(chain, late, 63, 500n * GRN)
  const validator = ed25519.getPublicKey(seedOf(61))
  const more = { validator, amount: 100n * GRN, possession: new Uint8Array(0) }
  expect(send(chain, one, 'BondValidator', more)).toBe('OK')
  chain.produce([], { report })
  expect(vote(chain, late, 'yes')).toBe('NO_VOTING_POWER')
  expect(vote(chain, one, 'yes')).toBe('OK')
  expect(counted(chain)).toMatchObject({ state: 'rejected', end: 'quorum', power: '50', yes: '10' })
})

test('a bond that leaves before the votes are counted takes its vote along', () => {
  const { chain, two } = threeOwners()
  expect(vote(chain, two, 'yes')).toBe('OK')
  expect(proposalView(chain.state, 1)).toMatchObject({ yes: '30' })
  const validator = ed25519.getPublicKey(seedOf(62))
  expect(send(chain, two, 'UnbondValidator', { validator, amount: 30n * GRN })).toBe('OK')
  expect(counted(chain)).toMatchObject({ state: 'rejected', end: 'quorum', power: '50', yes: '0' })
})
