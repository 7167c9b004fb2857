/** The whole of docs/operations/provider.md, typed by somebody who has just installed the program, on a devnet of one machine. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Running, Workbench } from './harness.ts'
import { blockBeginning, followPage, operationsPage } from './operations.ts'
import { redisIsHere, startRedis } from './redis.ts'
import { fileOf, succeeded } from './story.ts'

/** Another provider of this machine may have those of the page. */
const FREE_PORTS = ['--port', '0', '--libp2p-port', '0']

async function serving(running: Running): Promise<void> {
  await running.line(/^provider listens at http/)
}

/** Of the page, but for those that make a user of the machine's, whose names are those of this folder. */
export function makePassphrase(path: string): void {
  const made = blockBeginning('useradd --system --home-dir /srv/granary --create-home granary')
  const [command = ''] = /^openssl .*$/m.exec(made) ?? []
  const { status } = spawnSync('sh', ['-c', `umask 077; ${command.replace('/etc/granary/passphrase', path)}`])
  if (status !== 0) throw new Error(`${command} ended with ${status}`)
}

/** @returns the commands of the page that were not typed, each with why; undefined: they should have been */
export async function operateProvider(bench: Workbench): Promise<Record<string, string | undefined>> {
  const at = (...names: string[]): string => join(bench.home, ...names)
  succeeded(await bench.run(['chain', 'init', '--devnet', '--home', at('chain'), '--json']))
  const chain = bench.start(['chain', 'run', '--home', at('chain'), '--port', '0', '--json'])
  const [ready] = await chain.line(/^\{"event":"ready".*\}$/)
  const { url } = JSON.parse(ready) as { url: string }
  const redis = redisIsHere ? await startRedis(bench) : undefined
  for (const name of ['disk2', 'denylists']) mkdirSync(at(name))
  makePassphrase(at('passphrase'))
  const page = followPage(bench, {
    '/srv/granary': at('srv'),
    '/etc/granary/passphrase': at('passphrase'),
    '/etc/ipfs/denylists': at('denylists'),
    '/mnt/disk2': at('disk2'),
    '/var/lib/granary-worker': at('worker'),
    '--owner-key FILE': `--owner-key ${at('srv/provider/keystore.json')}`,
    '--registration registration.json': `--registration ${at('srv/provider/registration.json')}`,
    'HOST:6379': `127.0.0.1:${redis?.port}`,
    'KEY=VALUE': 'region=attic',
    'profile=32GiB': 'profile=8MiB-dev',
    '3 7 10': '1',
    'log NUMBER': 'log 1',
    FILE: at('passphrase'),
    URL: url,
  })
  const { follow, begin } = page

  await follow('granary provider init --home /srv/granary --chain URL --name attic --passphrase-file FILE')
  await follow('granary provider config set profile=32GiB')
  let provider = begin('granary provider run --home /srv/granary --passphrase-file FILE', FREE_PORTS)
  await serving(provider)
  await follow('granary provider doctor --home /srv/granary --passphrase-file FILE')
  const file = fileOf(bench, 'stored.bin', 300_000)
  succeeded(await bench.run(['put', file, '--chain', url, '--home', at('client'), '--yes', '--json']))

  const owner = ['--yes']
  const signer = 'granary provider register --owner-key FILE --registration registration.json'
  await follow(`${signer} --session-limit 50 --session-time 90d`, owner)
  await follow('granary provider deposit', ['1', ...owner])
  await follow('granary provider withdraw', ['1', ...owner])
  for (const what of ['status', 'alerts', 'money', 'deals', 'sectors', 'traffic', 'proving status', 'ask'])
    await follow(`granary provider ${what}`)
  await follow('granary provider deals --ended')
  await follow('granary provider key rotate', owner)
  // Whoever keeps to the page has nothing left to mend.
  await follow('granary provider doctor')
  await follow('granary provider proving check')
  await follow('granary provider sectors log NUMBER')
  await follow('granary provider proving declare 3 7 10 --dry-run')
  await follow('granary provider proving declare 3 7 10', owner)
  await follow('granary provider proving faults')
  await follow('granary provider proving recover 3 7 10', owner)
  await checkMetrics(at('srv/provider/admin.json'))

  await follow('granary provider volumes add /mnt/disk2 --roles replicas,unsealed --capacity 1800')
  await follow('granary provider volumes add home --roles sealing')
  writeFileSync(at('disk2/volume.json'), '{')
  await follow('granary provider volumes add', [at('disk2')])
  JSON.parse(readFileSync(at('disk2/volume.json'), 'utf8'))
  await follow('granary provider volumes')

  await follow('granary provider config')
  await follow('granary provider config set KEY=VALUE')
  for (const path of ['denylists/badbits.deny', 'srv/provider/own.deny']) writeFileSync(at(path), 'version: 1\n---\n')
  const lists = 'denylists=own.deny,/etc/ipfs/denylists/badbits.deny'
  await follow(`granary provider config set ${lists} --home /srv/granary`)
  await follow('granary provider reload')
  await follow('granary provider drain')
  await follow('granary provider drain', ['--undo'])
  await follow('granary provider exit', ['--dry-run'])
  await follow('granary provider config set collateral=')

  await provider.stop()
  rmSync(at('srv/provider/provider.sqlite'))
  const refused = await begin('granary provider run --home /srv/granary --passphrase-file FILE', FREE_PORTS).finished
  if (!refused.stderr.includes('[STORE_LOST]')) throw new Error(`a lost store is not named: ${refused.stderr}`)
  await follow('granary provider rebuild')
  if (redis !== undefined) {
    provider = begin('granary provider run --redis redis://HOST:6379', FREE_PORTS)
    await serving(provider)
    begin('granary provider worker --queue redis://HOST:6379 --parallel 4 --home /var/lib/granary-worker')
    await provider.line(/queue:workers.*"workers":\["/)
    await provider.stop()
  }
  await follow('granary provider config set publicUrl=https://attic.example')
  const whyNot = (command: string): string | undefined =>
    redis === undefined && command.includes('redis://') ? 'there is no redis-server here' : undefined
  return Object.fromEntries(page.left().map((command) => [command, whyNot(command)]))
}

/** By the address and the token that the file names, as Prometheus asks. */
async function checkMetrics(path: string): Promise<void> {
  const { url, token } = JSON.parse(readFileSync(path, 'utf8')) as { url: string; token: string }
  const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } })
  const said = await answer.text()
  const named = [...operationsPage.matchAll(/granary_provider_\w+/g)].map(([name]) => name)
  const missing = named.filter((name) => !said.includes(`\n${name}`))
  if (named.length === 0 || missing.length > 0) throw new Error(`/metrics has no ${missing.join(', ')}`)
}
