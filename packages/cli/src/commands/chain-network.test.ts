/** Four operators make a network: each its keys, one the genesis, each its home. e2e runs what they have made. */
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { granary } from '../../test/granary.ts'

const OWNER = `0x${'11'.repeat(20)}`
const NAMES = ['ann', 'ben', 'cat', 'dan']
let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'granary-cli-network-'))
})
afterEach(() => rmSync(root, { recursive: true }))

const at = (...names: readonly string[]) => join(root, ...names)
const jsonOf = (...names: readonly string[]) => JSON.parse(readFileSync(at(...names), 'utf8'))
const chain = (...args: readonly string[]) => granary(['chain', ...args])

async function dataOf(...args: readonly string[]) {
  const { code, stdout, stderr } = await chain(...args, '--json')
  if (code !== 0) throw new Error(stdout + stderr)
  return JSON.parse(stdout).data
}

const entry = (name: string, address: string, out = `${name}.json`) =>
  dataOf('entry', '--home', at(name), '--name', name, '--owner', OWNER, '--address', address, '--out', at(out))
const entries = () => Promise.all(NAMES.map((name, index) => entry(name, `127.0.0.${11 + index}:26656`)))
const COLLECTING = ['--account', `${OWNER}:1000`, '--supply', '1000', '--chain-id', 'barn-1', '--block-time', '3000']
const collect = (names: readonly string[], out = 'network.json') =>
  dataOf('collect', ...names.map((name) => at(`${name}.json`)), ...COLLECTING, '--out', at(out))
const joining = (name: string, genesisHash: string, ...more: readonly string[]) =>
  ['join', at('network.json'), '--home', at(name), '--genesis-hash', genesisHash, ...more] as const
const refused = (code: string) => ({ code: 1, stdout: '', stderr: expect.stringContaining(`[${code}]`) })

test('homes that were made apart have one genesis, a key each, and know where the others are', async () => {
  const made = await entries()
  const { genesisHash, validators } = await collect(NAMES)
  expect(validators.map(({ name }: { name: string }) => name)).toEqual(NAMES)
  for (const name of NAMES) await dataOf(...joining(name, genesisHash))
  const homes = NAMES.map((name) => jsonOf(name, 'chain', 'genesis.json'))
  expect(homes.slice(1)).toEqual(homes.slice(0, -1))
  expect(homes[0]).toMatchObject({ chainId: 'barn-1', devnet: false, blockTimeMs: 3000 })
  expect(homes[0].validators).toEqual(made.map(({ validator }) => validator))
  const network = jsonOf('ben', 'chain', 'network.json')
  expect(network).toMatchObject({ p2p: { host: '127.0.0.12', port: 26656 }, rpc: { host: '127.0.0.12', port: 26657 } })
  expect(network.peers).toEqual(
    made.filter(({ name }) => name !== 'ben').map(({ nodeId, host, port }) => ({ nodeId, host, port })),
  )
  const secrets = NAMES.map((name) => readFileSync(at(name, 'chain', 'validator.key'), 'utf8').trim())
  for (const secret of secrets) expect(readFileSync(at('network.json'), 'utf8')).not.toContain(secret)
  expect(statSync(at('ann', 'chain', 'node.key')).mode & 0o77).toBe(0)
})

test('an entry that somebody has changed on the way is refused, and so are two of one key, name or place', async () => {
  await entries()
  writeFileSync(at('eve.json'), JSON.stringify({ ...jsonOf('ben.json'), host: '203.0.113.66' }))
  await entry('ann', '127.0.0.9:26656', 'again.json')
  await entry('fay', '127.0.0.11:26656')
  writeFileSync(at('text.json'), 'hello')
  for (const other of ['eve', 'again', 'fay', 'text', 'nothing'])
    expect(await chain('collect', at('ann.json'), at(`${other}.json`), ...COLLECTING, '--out', at('n'))).toEqual(
      refused('NETWORK_INVALID'),
    )
})

test('a genesis is joined by its hash alone, and by nobody who is of another chain', async () => {
  await entries()
  const { genesisHash } = await collect(NAMES)
  expect(await chain(...joining('ann', `0x${'ab'.repeat(32)}`))).toMatchObject({
    code: 5,
    stderr: expect.stringContaining('[GENESIS_MISMATCH]'),
  })
  await dataOf(...joining('ann', genesisHash))
  await dataOf('init', '--devnet', '--home', at('other'))
  expect(await chain(...joining('other', genesisHash))).toEqual(refused('HOME_EXISTS'))
  cpSync(at('ann', 'chain', 'node.key'), at('ben', 'chain', 'node.key'))
  expect(await chain(...joining('ben', genesisHash))).toEqual(refused('KEY_INVALID'))
  expect((await chain('collect', at('ann.json'), ...COLLECTING, '--out', at('network.json'))).stderr).toContain(
    '[OUT_EXISTS]',
  )
})

test('a home that joins again learns of the new address of another, and keeps its keys and its genesis', async () => {
  await entries()
  const { genesisHash } = await collect(NAMES)
  await dataOf(...joining('ann', genesisHash))
  const before = readFileSync(at('ann', 'chain', 'validator.key'), 'utf8')
  const moved = await entry('dan', 'dan.example:30000', 'dan-moved.json')
  const [, file, ...rest] = joining('ann', genesisHash, '--listen', '127.0.0.11:31000')
  await dataOf('join', file, at('dan-moved.json'), ...rest)
  const { p2p, rpc, peers } = jsonOf('ann', 'chain', 'network.json')
  expect([p2p.port, rpc.port]).toEqual([31000, 31001])
  expect(peers.at(-1)).toEqual({ nodeId: moved.nodeId, host: 'dan.example', port: 30000 })
  expect(readFileSync(at('ann', 'chain', 'validator.key'), 'utf8')).toBe(before)
})

test('a node that begins with the state of others says by which block it believes them, and keeps that when it joins again', async () => {
  await entries()
  const { genesisHash } = await collect(NAMES)
  const hash = 'cd'.repeat(32)
  const from = ['--sync-from', 'http://127.0.0.12:26657', '--sync-from', 'http://ben.example:26657']
  expect((await chain(...joining('eve', genesisHash, ...from))).stderr).toContain('--sync-from and --trust go together')
  await dataOf(...joining('eve', genesisHash, ...from, '--trust', `12:0x${hash}`))
  await dataOf(...joining('eve', genesisHash))
  const { stateSync, peers } = jsonOf('eve', 'chain', 'network.json')
  const rpcServers = ['http://127.0.0.12:26657', 'http://ben.example:26657']
  expect(stateSync).toEqual({ rpcServers, trustHeight: 12, trustHash: hash })
  expect(peers).toHaveLength(4)
})

test('a chain that is there is joined by its own genesis, whatever validators it has', async () => {
  const { genesisHash } = await dataOf('init', '--devnet', '--home', at('ann'))
  const { validator } = await entry('ann', '127.0.0.11:26656')
  const genesis = at('ann', 'chain', 'genesis.json')
  const made = await dataOf('collect', at('ann.json'), '--genesis-file', genesis, '--out', at('network.json'))
  expect(made).toMatchObject({ genesisHash, validators: [{ validator }] })
  await dataOf(...joining('ben', genesisHash))
  expect(jsonOf('ben', 'chain', 'genesis.json')).toEqual(jsonOf('ann', 'chain', 'genesis.json'))
  expect(await chain('collect', at('ann.json'), '--genesis-file', at('none'), '--out', at('n'))).toEqual(
    refused('HOME_MISSING'),
  )
})

test('another drand network is named by what its relay says of it', async () => {
  await entries()
  const info = { public_key: 'ab'.repeat(96), genesis_time: 1_700_000_000, period: 3 }
  for (const [name, text] of [
    ['info.json', JSON.stringify(info)],
    ['none.json', '{}'],
  ] as const)
    writeFileSync(at(name), text)
  const args = ['collect', at('ann.json'), at('ben.json'), ...COLLECTING, '--drand-info']
  expect(await chain(...args, at('none.json'), '--out', at('a'))).toEqual(refused('NETWORK_INVALID'))
  await dataOf(...args, at('info.json'), '--out', at('b'))
  expect(jsonOf('b').genesis.beacon).toEqual({
    publicKey: `0x${info.public_key}`,
    genesisTimeMs: 1_700_000_000_000,
    periodMs: 3_000,
  })
})

test.each([
  ['an address without a port', ['entry', '--address', 'barn.example']],
  ['no money', ['collect', 'ann.json', '--out', 'network.json']],
  ['another supply', ['collect', 'ann.json', ...COLLECTING, '--supply', '7', '--out', 'network.json']],
  ['an address that is none', ['join', 'n', '--genesis-hash', `0x${'ab'.repeat(32)}`, '--sync-from', 'ftp://ben']],
  ['a block that is none', ['join', 'n', '--genesis-hash', `0x${'ab'.repeat(32)}`, '--trust', '0:ab']],
  ['a hash that is none', ['join', 'network.json', '--genesis-hash', '0x12']],
])('%s is a mistake of who types', async (_, args) => {
  expect((await chain(...args)).code).toBe(2)
})
