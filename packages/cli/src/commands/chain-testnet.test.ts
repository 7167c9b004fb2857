/** Homes of validators on CometBFT, and what a start says that cannot be; e2e runs the real ones. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { granary } from '../../test/granary.ts'

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'granary-cli-testnet-'))
})
afterEach(() => rmSync(root, { recursive: true }))

const testnet = (...args: readonly string[]) => granary(['chain', 'testnet', '--home', root, ...args])
const jsonOf = (...path: readonly string[]) => JSON.parse(readFileSync(join(root, ...path), 'utf8'))

test('a testnet is one genesis with the key of each validator, who knows where the others are', async () => {
  const { code, stdout } = await testnet('--validators', '3', '--first-port', '31000', '--block-time', '300', '--json')
  expect(code).toBe(0)
  const homes = ['node1', 'node2', 'node3']
  expect(JSON.parse(stdout).data.homes).toEqual(homes.map((name) => join(root, name)))
  const [genesis, ...others] = homes.map((name) => jsonOf(name, 'chain', 'genesis.json'))
  expect(others).toEqual([genesis, genesis])
  expect(genesis).toMatchObject({ blockTimeMs: 300, devnet: true })
  expect(new Set(genesis.validators).size).toBe(3)
  const networks = homes.map((name) => jsonOf(name, 'chain', 'network.json'))
  expect(networks.map(({ p2p, rpc }) => [p2p.port, rpc.port])).toEqual([31000, 31002, 31004].map((at) => [at, at + 1]))
  for (const [index, { peers }] of networks.entries())
    expect(peers.map(({ port }: { port: number }) => port)).toEqual(
      networks.filter((_, other) => other !== index).map(({ p2p }) => p2p.port),
    )
  for (const key of ['validator.key', 'node.key'])
    expect(statSync(join(root, 'node1', 'chain', key)).mode & 0o77).toBe(0)
})

test('homes that are there are not written over', async () => {
  await testnet('--validators', '1')
  const before = readFileSync(join(root, 'node1', 'chain', 'validator.key'))
  const { code, stderr } = await testnet('--validators', '2')
  expect([code, stderr]).toEqual([1, expect.stringContaining('[HOME_EXISTS]')])
  expect(readFileSync(join(root, 'node1', 'chain', 'validator.key'))).toEqual(before)
})

test('without a CometBFT that speaks as the node does, a start says how to install it', async () => {
  await testnet('--validators', '1')
  const start = (program: string) =>
    granary(['chain', 'run', '--home', join(root, 'node1'), '--port', '0', '--cometbft', program])
  const missing = await start(join(root, 'nothing'))
  expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('[COMETBFT_MISSING]')])
  expect(missing.stderr.replace(/\s+/g, ' ')).toContain('go install github.com/cometbft/cometbft/cmd/cometbft@v0.40.0')
  const old = join(root, 'old')
  writeFileSync(old, '#!/bin/sh\necho 1.0.1\n')
  chmodSync(old, 0o700)
  const wrong = await start(old)
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('[COMETBFT_VERSION_WRONG]')])
})

test('a network.json that says nothing is refused with what is missing', async () => {
  await testnet('--validators', '1')
  writeFileSync(join(root, 'node1', 'chain', 'network.json'), JSON.stringify({ engine: 'comet', p2p: { port: 1 } }))
  const { code, stderr } = await granary(['chain', 'run', '--home', join(root, 'node1'), '--port', '0'])
  expect([code, stderr]).toEqual([1, expect.stringContaining('[NETWORK_INVALID]')])
})

test('a testnet of which no validator starts says why, and leaves none behind', async () => {
  const program = join(root, 'nothing')
  const { code, stderr } = await testnet('--validators', '2', '--start', '--port', '0', '--cometbft', program)
  expect([code, stderr]).toEqual([1, expect.stringContaining('[COMETBFT_MISSING]')])
  expect(stderr.replace(/\s+/g, ' ')).toMatch(/the testnet's validator \d ended/)
  // What holds a home holds its lock: each is free again.
  for (const name of ['node1', 'node2']) {
    const { stderr: said } = await granary(['chain', 'verify', '--home', join(root, name)])
    expect(said).not.toContain('HOME_LOCKED')
  }
})
