import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toHex } from '@granary/base'
import { genesisHash } from '@granary/protocol/records'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { ed25519 } from '@noble/curves/ed25519.js'
import { beaconKeyFrom, beaconPublicKey, devnetGenesis } from '../../state/index.ts'
import { blocksKept, type CometHome, nodeIdOf, writeCometHome } from './comet-home.ts'

const keys = [1, 2].map((byte) => new Uint8Array(32).fill(byte))
const validators = keys.map((key) => toHex(ed25519.getPublicKey(key)))
const base = {
  beaconPublicKey: beaconPublicKey(beaconKeyFrom(new Uint8Array(48))),
  faucet: `0x${'11'.repeat(20)}`,
} as const
const genesis = devnetGenesis({
  ...base,
  validator: validators[0]!,
  otherValidators: validators.slice(1),
  timeMs: 1_790_000_000_000,
})

let folder: string
let home: CometHome

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-comet-home-'))
  home = {
    folder,
    genesis,
    head: { height: 0, timeMs: genesis.timeMs, appHash: `0x${'ab'.repeat(32)}` },
    validatorKey: keys[0]!,
    nodeKey: keys[1]!,
    rpc: { host: '127.0.0.1', port: 3001 },
    p2p: { host: '127.0.0.1', port: 3000 },
    peers: [{ nodeId: nodeIdOf(keys[0]!), host: '127.0.0.1', port: 3002 }],
    application: 'unix:///tmp/abci.sock',
  }
})
afterEach(() => rmSync(folder, { recursive: true }))

const jsonOf = (...path: readonly string[]) => JSON.parse(readFileSync(join(folder, ...path), 'utf8'))

test("CometBFT's genesis is the chain's: its name, its validators, the time and the state to begin behind", async () => {
  await writeCometHome(home)
  expect(jsonOf('config', 'genesis.json')).toMatchObject({
    chain_id: genesisHash(genesis).slice(2, 52),
    genesis_time: '2026-09-21T14:13:20.001Z',
    initial_height: '1',
    app_hash: 'AB'.repeat(32),
    app_state: genesisHash(genesis),
    validators: validators.map((key) => ({
      pub_key: { value: Buffer.from(key.slice(2), 'hex').toString('base64') },
      power: '10',
    })),
  })
})

test('a chain that goes on from a snapshot begins behind its block', async () => {
  await writeCometHome({ ...home, head: { ...home.head, height: 500 } })
  expect(jsonOf('config', 'genesis.json')).toMatchObject({ initial_height: '501' })
})

test('a later start changes neither what the chain began with nor where the validator has voted', async () => {
  await writeCometHome(home)
  const voted = { height: '7', round: 0, step: 3 }
  writeFileSync(join(folder, 'data', 'priv_validator_state.json'), JSON.stringify(voted))
  await writeCometHome({ ...home, head: { ...home.head, height: 40 }, application: 'unix:///tmp/other.sock' })
  expect(jsonOf('config', 'genesis.json')).toMatchObject({ initial_height: '1' })
  expect(jsonOf('data', 'priv_validator_state.json')).toEqual(voted)
  expect(readFileSync(join(folder, 'config', 'config.toml'), 'utf8')).toContain('unix:///tmp/other.sock')
})

test('peers of the internet are kept apart by their addresses, those of one machine or network are not', async () => {
  const config = async (host: string): Promise<string> => {
    const peers = [{ nodeId: nodeIdOf(keys[0]!), host, port: 26_656 }]
    await writeCometHome({ ...home, p2p: { host: '0.0.0.0', port: 26_656 }, peers })
    return readFileSync(join(folder, 'config', 'config.toml'), 'utf8')
  }
  for (const host of ['203.0.113.7', 'barn.example', '[2001:db8::7]', '172.32.0.1']) {
    const text = await config(host)
    expect(text).toContain('addr_book_strict = true\nallow_duplicate_ip = false\n')
    expect(text).toContain(`@${host}:26656"`)
  }
  for (const host of ['127.0.0.2', '10.1.2.3', '172.16.0.1', '[fd00::1]', 'localhost'])
    expect(await config(host)).toContain('addr_book_strict = false\nallow_duplicate_ip = true\n')
})

test('a node that joins believes a header of others, and asks one that is alone twice', async () => {
  await writeCometHome({
    ...home,
    stateSync: { rpcServers: ['http://127.0.0.1:3003'], trustHeight: 12, trustHash: 'ab'.repeat(32) },
  })
  const config = readFileSync(join(folder, 'config', 'config.toml'), 'utf8')
  expect(config).toContain('[statesync]\nenable = true\nrpc_servers = "http://127.0.0.1:3003,http://127.0.0.1:3003"')
  expect(config).toContain(`trust_height = 12\ntrust_hash = "${'ab'.repeat(32)}"\ntrust_period = "32h0m0s"`)
})

test('blocks are kept for as long as a double vote counts, however fast they are', () => {
  expect(blocksKept(genesis) * genesis.blockTimeMs).toBe(48 * 3_600_000)
  // Where bonds leave soon, light clients are still to find their way.
  const hasty = { ...genesis, params: { ...genesis.params, unbonding: 100 } }
  expect(blocksKept(hasty)).toBe(blocksKept(genesis))
})
