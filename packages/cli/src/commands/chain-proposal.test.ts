/** What the owner of a validator says and what everybody reads, on a chain that has voted for an upgrade far ahead. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningChain, runChain } from '@granary/chain/node'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { initVotedUpgrade } from '../../../chain/test/voted-upgrade.ts'
import { granary, type Ran } from '../../test/granary.ts'
import { wideLines } from '../../test/wide-lines.ts'

let home: string
let node: RunningChain
let upgradeAt: number
let own: readonly string[]

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'granary-cli-votes-'))
  upgradeAt = await initVotedUpgrade(home, 100_000)
  node = await runChain({ home, port: 0 })
  const passphrase = join(home, 'passphrase')
  await writeFile(passphrase, 'for tests only', { mode: 0o600 })
  own = ['--home', home, '--passphrase-file', passphrase]
  // The faucet of a devnet owns the bond of its validator.
  const imported = await granary(['wallet', 'import', join(home, 'chain', 'faucet.key'), ...own])
  expect(imported.code).toBe(0)
}, 60_000)
afterAll(async () => {
  await node.stop()
  await rm(home, { recursive: true })
})

function proposal(...args: readonly string[]): Promise<Ran> {
  return granary(['chain', 'proposal', ...args, '--chain', node.url])
}

async function dataOf(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await proposal(...args, '--json')
  if (code !== 0) throw new Error(`exit ${code}: ${stdout}${stderr}`)
  return JSON.parse(stdout).data
}

test('a parameter is proposed and voted on, and everybody reads it', async () => {
  const wish = [
    'submit',
    '--title',
    'cheaper accounts',
    '--link',
    'https://example.org/1',
    '--set',
    'accountFee=0.0005GRN',
  ]
  const plan = await dataOf(...wish, ...own, '--dry-run')
  expect(plan).toMatchObject({ sent: null, deposit: '1000000000000000000', changes: [{ name: 'accountFee' }] })
  const unasked = await proposal(...wish, ...own, '--json')
  expect([unasked.code, JSON.parse(unasked.stdout).code]).toEqual([2, 'SPENDING_UNCONFIRMED'])

  const submitted = await proposal(...wish, ...own, '--yes')
  expect(submitted.stdout).toMatch(/^proposal 2, in block \d+; votes count until \d{4}-.* UTC, in 20 s/)
  const again = await proposal(...wish, ...own, '--yes')
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('[PROPOSAL_OPEN]')])

  const before = await dataOf('vote', '2', 'abstain', ...own, '--max-price', '1')
  expect(before).toMatchObject({ proposal: 2, choice: 'abstain' })
  const voted = await proposal('vote', '2', 'yes', ...own, '--yes')
  expect(voted.stdout).toMatch(/^yes to proposal 2, "cheaper accounts", in block \d+; it may be changed until /)

  const { stdout } = await proposal('show', '2')
  expect(stdout).toContain('accountFee: 0.001 GRN → 0.0005 GRN')
  expect(stdout).toMatch(/votes +yes 1\d*, no 0, abstain 0, of 1/)
  expect(wideLines(stdout, 100)).toEqual([])
  expect(await dataOf('show', '2')).toMatchObject({
    title: 'cheaper accounts',
    link: 'https://example.org/1',
    steps: [{ name: 'accountFee', from: '1000000000000000', to: '500000000000000' }],
    state: 'voting',
  })
})

test('the list has the newest first, and the upgrade that is planned with its date', async () => {
  const { stdout } = await proposal('list')
  expect(stdout).toMatch(/2 +cheaper accounts +votes until/)
  expect(stdout).toMatch(/1 +new rules +done, /)
  expect(stdout).toContain(`(epoch ${upgradeAt}) on, which granary 2 knows`)
  expect(await dataOf('list')).toMatchObject({
    rules: 1,
    upgrade: { height: upgradeAt, rules: 2, release: 'granary 2' },
    proposals: [{ id: 2 }, { id: 1, state: 'done', end: 'none' }],
  })
})

test('what a vote may change is listed with bounds and reasons', async () => {
  const { stdout } = await proposal('params')
  expect(stdout).toContain('accountFee')
  expect(stdout).toMatch(/deposit +1 GRN, which comes back/)
  const { params } = await dataOf('params')
  expect(params).toContainEqual(
    expect.objectContaining({ name: 'recoveriesPerEpoch', value: '4', min: '1', max: '16' }),
  )
})

test('an upgrade is proposed with its height, rules and release; while one is planned it is refused', async () => {
  const wish = ['submit', '--title', 'newer', '--upgrade-at', '99999', '--release', 'granary 3']
  expect(await dataOf(...wish, '--dry-run', ...own)).toMatchObject({
    upgradeAt: 99_999,
    rules: 2,
    release: 'granary 3',
  })
  const refused = await proposal(...wish, '--rules', '2', ...own, '--yes')
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('[PROPOSAL_')])
})

test.each([
  [['submit', '--title', 'x'], 'one of the two'],
  [['submit', '--title', 'x', '--set', 'feeBase=1', '--upgrade-at', '9'], 'one of the two'],
  [['submit', '--title', 'x', '--set', 'feeBase=1', '--rules', '2'], 'name its height'],
  [['submit', '--title', 'x', '--set', 'feeBase=1.5'], 'a whole number, or an amount'],
  [['submit', '--title', 'x', '--set', 'feeBase'], 'an equals sign'],
  [['vote', '1', 'perhaps'], 'expected yes, no, abstain'],
])('%j is wrong usage', async (args, words) => {
  const { code, stderr } = await proposal(...args, ...own)
  expect([code, stderr]).toEqual([2, expect.stringContaining(words)])
})

test('a proposal that there is not, and a vote after the end, are named', async () => {
  expect(JSON.parse((await proposal('show', '9', '--json')).stdout).code).toBe('PROPOSAL_NOT_FOUND')
  expect((await proposal('vote', '1', 'no', ...own, '--yes')).stderr).toContain('[VOTE_OVER]')
})
