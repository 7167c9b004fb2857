/**
 * The beginning of docs/operations/provider.md on a chain for production: a provider that is set up before its chain is there, an
 * owner who has money by the genesis alone, and a deal on the chain. Nothing of it is a devnet's but the randomness, which is a
 * drand network of this machine: the real one cannot be asked here.
 */
import { createServer } from 'node:net'
import { join } from 'node:path'
import { initChain } from '@granary/chain/node'
import { beaconKeyFrom, beaconPublicKey, signBeaconRound } from '@granary/chain/state'
import { startDrandRelay } from '../packages/chain/test/drand-relay.ts'
import { envelope, type Workbench } from './harness.ts'
import { makePassphrase } from './operate-provider.ts'
import { followPage } from './operations.ts'
import { fileOf, succeeded } from './story.ts'

const PERIOD_MS = 3_000
const GRN = 10n ** 18n

export interface Produced {
  /** What `granary provider doctor` finds, by its checks. */
  readonly findings: Readonly<Record<string, string>>
  /** States of the deals that the provider has. */
  readonly deals: readonly string[]
}

export async function operateProduction(bench: Workbench): Promise<Produced> {
  const at = (...names: string[]): string => join(bench.home, ...names)
  const beaconKey = beaconKeyFrom(new Uint8Array(48).fill(7))
  const genesisTimeMs = Date.now() - 100 * PERIOD_MS
  const newest = (): number => Math.floor((Date.now() - genesisTimeMs) / PERIOD_MS) + 1
  const relay = await startDrandRelay((round) => {
    if (round > newest()) return { status: 404, body: '' }
    const signature = Buffer.from(signBeaconRound(beaconKey, round)).toString('hex')
    return { body: JSON.stringify({ round, signature }) }
  }, newest)
  bench.signal.addEventListener('abort', () => void relay.close(), { once: true })

  const port = await freePort()
  makePassphrase(at('passphrase'))
  const { follow, begin } = followPage(bench, {
    '/srv/granary': at('srv'),
    '/etc/granary/passphrase': at('passphrase'),
    FILE: at('passphrase'),
    URL: `http://127.0.0.1:${port}`,
  })
  const said = await follow('granary provider init --home /srv/granary --chain URL --name attic --passphrase-file FILE')
  const [owner] = /0x[0-9a-f]{40}/.exec(said) ?? []
  const wallet = ['--home', at('client'), '--passphrase-file', at('passphrase')]
  const made = succeeded(await bench.run(['wallet', 'new', ...wallet, '--json']))
  const client = envelope<{ address: `0x${string}` }>(made).data.address

  const beacon = { publicKey: beaconPublicKey(beaconKey), genesisTimeMs, periodMs: PERIOD_MS }
  const accounts = [owner as `0x${string}`, client].map((address) => ({ address, balance: 100_000n * GRN }))
  await initChain({ home: at('chain'), devnet: false, chainId: 'granary', accounts, beacon })
  const node = ['--port', `${port}`, '--beacon', relay.url]
  await bench.start(['chain', 'run', '--home', at('chain'), ...node, '--json']).line(/"event":"ready"/)

  const running = begin('granary provider run --home /srv/granary --passphrase-file FILE', [
    ...['--port', '0', '--libp2p-port', '0'],
  ])
  await running.line(/^provider listens at http/)
  const put = ['put', fileOf(bench, 'stored.bin', 300_000), '--no-wait', '--yes', '--json', ...wallet]
  succeeded(await bench.run([...put, '--chain', `http://127.0.0.1:${port}`]))
  const doctor = await follow('granary provider doctor --home /srv/granary --passphrase-file FILE', ['--json'])
  const { findings } = (JSON.parse(doctor) as { data: { findings: { check: string; state: string }[] } }).data
  const deals = await follow('granary provider deals', ['--json'])
  const held = (JSON.parse(deals) as { data: { deals: { state: string }[] } }).data.deals
  return {
    findings: Object.fromEntries(findings.map(({ check, state }) => [check, state])),
    deals: held.map(({ state }) => state),
  }
}

/** The provider is told of the chain before anything listens there. */
async function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>()
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address() as { port: number }
    server.close(() => resolve(port))
  })
  return promise
}
