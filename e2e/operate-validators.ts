/**
 * docs/operations/validators.md, typed by four operators from empty folders: each its keys, one the genesis, each its home. A machine is an
 * address of this one, 127.0.0.11 and so on; the beacon is a drand network of this machine, since the real one cannot be asked here.
 */
import { copyFileSync, cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beaconKeyFrom, beaconPublicKey, signBeaconRound } from '@granary/chain/state'
import { type ChainClient, createChainClient } from '@granary/protocol/client'
import { startDrandRelay } from '../packages/chain/test/drand-relay.ts'
import { freePorts } from './comet.ts'
import { COMETBFT, goProgram } from './go-program.ts'
import type { Running, Workbench } from './harness.ts'
import { eventually } from './kept-provider.ts'
import { type FollowedPage, followPage, validatorsPage } from './operations.ts'

const PERIOD_MS = 3_000
const BLOCK_TIME = ['--block-time', '1500']
const MINUTES = 60_000
const NAMES = ['ann', 'ben', 'cat', 'dan'] as const
const SECTIONS = ['A network of several operators', 'Moving a validator to another machine']

interface Operator {
  readonly name: string
  readonly page: FollowedPage
  readonly rpcPort: number
  /** By its address. */
  readonly chain: ChainClient
  home: string
}

/** @returns commands of the sections that were not typed */
export async function operateValidators(bench: Workbench): Promise<string[]> {
  const at = (...names: readonly string[]): string => join(bench.home, ...names)
  const beaconKey = beaconKeyFrom(new Uint8Array(48).fill(9))
  const genesisTimeMs = (Math.floor(Date.now() / 1_000) - 300) * 1_000
  const newest = (): number => Math.floor((Date.now() - genesisTimeMs) / PERIOD_MS) + 1
  const relay = await startDrandRelay((round) => {
    if (round > newest()) return { status: 404, body: '' }
    const signature = Buffer.from(signBeaconRound(beaconKey, round)).toString('hex')
    return { body: JSON.stringify({ round, signature }) }
  }, newest)
  bench.signal.addEventListener('abort', () => void relay.close(), { once: true })
  const info = { public_key: beaconPublicKey(beaconKey).slice(2), genesis_time: genesisTimeMs / 1_000, period: 3 }
  writeFileSync(at('drand.json'), JSON.stringify(info))

  const p2pPort = await freePorts(2)
  const rpcPorts = await freePorts(NAMES.length)
  const page = validatorsPage(SECTIONS)
  const left = new Set(followPage(bench, {}, page).left())
  let hash = ''
  writeFileSync(at('passphrase'), 'for tests only\n', { mode: 0o600 })
  const made = await followPage(bench, {}, page).follow('granary wallet new', [
    ...['--home', at('owner'), '--passphrase-file', at('passphrase')],
  ])
  left.delete('granary wallet new')
  const [owner = ''] = /0x[0-9a-fA-F]{40}/.exec(made) ?? []
  /** Of the page, what is another's with each operator. */
  const pageOf = (name: string, index: number, home: string): FollowedPage =>
    followPage(
      bench,
      {
        '/srv/granary': home,
        '/usr/local/bin/cometbft': goProgram(COMETBFT),
        'ann2.example:26656': `127.0.0.${21 + index}:${p2pPort}`,
        'ann.example:26656': `127.0.0.${11 + index}:${p2pPort}`,
        '--name ann': `--name ${name}`,
        '--out ann.json': `--out ${name}.json`,
        OWNER: owner,
        HASH: hash,
        '7460': `${rpcPorts + index}`,
      },
      page,
    )
  const operators = NAMES.map((name, index): Operator => {
    const rpcPort = rpcPorts + index
    const chain = createChainClient({ url: `http://127.0.0.1:${rpcPort}` })
    return { name, page: pageOf(name, index, at(name)), rpcPort, chain, home: at(name) }
  })
  const typed = (command: string): string => {
    left.delete(command)
    return command
  }

  const entry =
    'granary chain entry --home /srv/granary --name ann --address ann.example:26656 --owner OWNER --out ann.json'
  await Promise.all(operators.map(({ page: { follow } }) => follow(typed(entry))))
  const [ann, ...others] = operators as [Operator, Operator, Operator, Operator]
  const collect =
    'granary chain collect ann.json ben.json cat.json dan.json --chain-id barn-1 --account OWNER:1000000 --supply 1000000 --out barn.json'
  const drand = ['--drand-info', at('drand.json'), ...BLOCK_TIME]
  ;[hash = ''] = /0x[0-9a-f]{64}/.exec(await ann.page.follow(typed(collect), drand)) ?? []
  const join1 = 'granary chain join barn.json --home /srv/granary --genesis-hash HASH'
  const run = 'granary chain run --home /srv/granary --cometbft /usr/local/bin/cometbft'
  const begin = ({ name, home, rpcPort }: Operator): Running => {
    const also = ['--port', `${rpcPort}`, '--beacon', relay.url, '--json']
    return pageOf(name, NAMES.indexOf(name as never), home).begin(typed(run), also)
  }
  const joined = (command: string, who: readonly Operator[]) =>
    Promise.all(who.map(({ name, home }) => pageOf(name, NAMES.indexOf(name as never), home).follow(typed(command))))
  await joined(join1, operators)
  const running = new Map(operators.map((operator) => [operator, begin(operator)]))
  const reach = (operator: Operator, height: number): Promise<void> =>
    eventually(`${operator.name} has block ${height}`, 10 * MINUTES, async () => {
      const has = await operator.chain.status().then(
        ({ height }) => height,
        () => -1,
      )
      if (has >= height) return true
      throw new Error(`it has ${has}:\n${running.get(operator)!.stderr().slice(-3_000)}`)
    })
  await Promise.all(operators.map((operator) => reach(operator, 3)))
  const blocks = await Promise.all(operators.map(({ chain }) => chain.block(2)))
  if (new Set(blocks.map((block) => block.hash)).size !== 1) throw new Error('they are not of one chain')
  const header = 'granary chain header --chain http://127.0.0.1:7460'
  const said = await ann.page.follow(typed(header))
  if (!/^\d+:0x[0-9a-f]{64}$/m.test(said)) throw new Error(`no header: ${said}`)

  // Ann's machine becomes another one.
  await running.get(ann)!.stop()
  const key = join('chain', 'validator.key')
  renameSync(join(ann.home, key), join(ann.home, 'validator.key.moved'))
  const refused = await begin(ann).finished
  if (!refused.stderr.includes('[KEY_INVALID]') && !refused.stdout.includes('KEY_INVALID'))
    throw new Error(`the old machine starts:\n${refused.stdout}${refused.stderr}`)
  const moved = at('ann2')
  mkdirSync(moved)
  cpSync(ann.home, moved, { recursive: true, filter: (path) => !path.endsWith('.sock') })
  copyFileSync(join(moved, 'validator.key.moved'), join(moved, key))
  rmSync(join(moved, 'validator.key.moved'))
  ann.home = moved
  const entry2 =
    'granary chain entry --home /srv/granary --name ann --address ann2.example:26656 --owner OWNER --out ann-moved.json'
  await pageOf('ann', 0, moved).follow(typed(entry2))
  const join2 = 'granary chain join barn.json ann-moved.json --home /srv/granary --genesis-hash HASH'
  await joined(join2, operators)
  const { height } = await others[0].chain.status()
  // While Ann is away the three others are all that is needed: no block comes without one of them.
  for (const operator of others) {
    await running.get(operator)!.stop()
    running.set(operator, begin(operator))
    await reach(operator, 0)
  }
  running.set(ann, begin(ann))
  await Promise.all(operators.map((operator) => reach(operator, height + 4)))
  await Promise.all([...running.values()].map((each) => each.stop()))
  return [...left]
}
