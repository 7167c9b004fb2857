/** `provider proving` against a provider that runs, with a deal in a proven sector, and after it has ended. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { initProvider, type RunningProvider, runProvider } from '@granary/provider'
import { planReturn } from '@granary/provider/operator'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { temporaryHome } from '../../../../provider/test/market-kit.ts'
import { dealIn, passphrase, storeDeal, until } from '../../../../provider/test/provider-process.ts'
import { type Devnet, startDevnet } from '../../../../provider/test/start-devnet.ts'
import { granary } from '../../../test/granary.ts'

let root: Awaited<ReturnType<typeof temporaryHome>>
let devnet: Devnet
let home: string
let provider: RunningProvider
let sector: number
let passphraseFile: string

beforeAll(async () => {
  root = await temporaryHome()
  devnet = await startDevnet(root.home, { faultMaxAge: '600' })
  home = join(root.home, 'a')
  passphraseFile = join(root.home, 'passphrase')
  await writeFile(passphraseFile, passphrase, { mode: 0o600 })
  await initProvider({ home, chainUrl: devnet.chain.url, profile: '2KiB-test', passphrase, light: true })
  const cacheHome = join(root.home, 'cache')
  provider = await runProvider({ home, cacheHome, port: 0, libp2pPort: undefined, passphrase, sealAfterMs: 0 })
  const { agreementId } = await storeDeal(devnet.chain, provider.url)
  sector = (await dealIn(provider.url, agreementId, 'active')).sector
}, 60_000)
afterAll(async () => {
  await provider.stop()
  await devnet.stop()
  await root.remove()
})

async function proving<Result>(...args: readonly string[]): Promise<Result> {
  const { code, stdout, stderr } = await granary(['provider', 'proving', ...args, '--home', home, '--json'])
  if (code !== 0) throw new Error(stderr)
  return JSON.parse(stdout).data
}

interface Status {
  readonly number: number
  readonly lastCheck: { readonly failed: number[]; readonly tookMs: number } | null
  readonly windowShare: number | null
  readonly lastAnswer: { readonly epoch: number; readonly challengeEpoch: number; readonly deadline: number } | null
}

test('status and history say what was rehearsed, what was answered, and what both took of the time there is', async () => {
  const status = await until('it has been rehearsed, and answered', async () => {
    const [partition] = await proving<Status[]>('status')
    return partition?.lastCheck && partition.lastAnswer ? partition : undefined
  })
  expect(status).toMatchObject({ number: 0, lastCheck: { failed: [] } })
  expect(status.windowShare).toBeGreaterThan(0)
  const [first] = await proving<NonNullable<Status['lastAnswer']>[]>('history')
  expect(first!.epoch).toBeGreaterThan(first!.challengeEpoch)
  expect(first!.epoch).toBeLessThanOrEqual(first!.deadline)
  expect(await proving('faults')).toEqual([])
  expect((await granary(['provider', 'proving', 'status', '--home', home])).stdout).toMatch(/of its window\n0 /)
})

test('while it runs the doctor finds what it says of it, and after a change what differs', async () => {
  const examine = async (...args: readonly string[]) => {
    const { code, stdout } = await granary(['provider', 'doctor', '--home', home, '--json', ...args])
    const { data, error } = JSON.parse(stdout)
    if (data === null) throw new Error(JSON.stringify(error))
    const { findings } = data as {
      findings: readonly { check: string; state: string; says: string }[]
    }
    return { code, found: new Map(findings.map((each) => [each.check, each])) }
  }
  const { code, found } = await examine()
  expect(code).toBe(0)
  const states = ['config', 'ports', 'chain', 'registration', 'key', 'ask'].map((check) => found.get(check)?.state)
  expect(states).toEqual(Array(6).fill('ok'))
  expect(found.get('address')?.says).toMatch(/answers, to programs of this machine alone/)

  const file = join(home, 'provider', 'config.json')
  const before = await readFile(file, 'utf8')
  await writeFile(file, JSON.stringify({ ...JSON.parse(before), ask: { pricePerGiBEpoch: '7' } }))
  const changed = await examine('--redis', 'redis://127.0.0.1:1')
  expect(changed.found.get('ask')).toMatchObject({
    state: 'wrong',
    says: expect.stringMatching(/pricePerGiBEpoch is 7, on/),
  })
  expect(changed.found.get('redis')).toMatchObject({ state: 'wrong', code: 'QUEUE_REDIS_UNREACHABLE' })
  expect(changed.code).not.toBe(0)
  await writeFile(file, before)

  const { stdout } = await granary(['provider', 'doctor', '--home', join(home, 'none'), '--json'])
  expect(JSON.parse(stdout).data.findings.at(-1)).toMatchObject({ check: 'config', code: 'HOME_MISSING' })
})

/** Of a command that may fail. */
async function maintain(...args: readonly string[]) {
  const signing = ['--passphrase-file', passphraseFile, '--home', home, '--json']
  const { stdout } = await granary(['provider', 'proving', ...args, ...signing])
  const { data, error } = JSON.parse(stdout)
  return { data, code: error?.code }
}

const stateOf = async () => (await devnet.chain.sector(provider.providerId, sector)).state

test('a sector is taken out for what was said before, is not asked back by itself, and comes back when it is asked for', async () => {
  const { chain } = devnet
  const one = String(sector)
  const planned = await maintain('declare', one, '--dry-run')
  expect(planned.data).toMatchObject({ declared: null, config: null, sectors: [{ sector, partition: 0, deals: [1] }] })
  expect(BigInt(planned.data.missedFee)).toBe(4n * BigInt(planned.data.sectors[0].fee))
  expect((await maintain('declare', one)).code).toBe('SPENDING_UNCONFIRMED')
  expect((await maintain('recover', one)).code).toBe('SECTOR_NOT_FAULTY')
  expect((await maintain('declare', '77')).code).toBe('SECTOR_NOT_FOUND')
  expect(await stateOf()).toBe('active')

  const { height } = await chain.status()
  const { data } = await maintain('declare', one, '--yes')
  expect([data.declared, await stateOf()]).toEqual([[sector], 'faulty'])
  const events = chain.events({ types: ['provider:charged'], since: String(height) })
  for await (const event of events) {
    expect(event).toMatchObject({ reason: 'FAULT_DECLARED' })
    // A block later what a sector of this size is paid for being there is a little else.
    const [charged, said] = [BigInt((event as { amount: string }).amount), BigInt(data.sectors[0].fee)]
    expect(Number((1_000n * charged) / said)).toBeCloseTo(1_000, -1)
    break
  }
  expect(await proving('faults')).toEqual([{ partition: 0, sector, faulty: true, reason: null, isMaintained: true }])
  const { height: declared } = await chain.status()
  await until('thirty blocks', async () => ((await chain.status()).height > declared + 30 ? true : undefined))
  expect(await chain.partition(provider.providerId, 0)).toMatchObject({ sound: 0 })
  expect(await stateOf()).toBe('faulty')
  expect((await maintain('declare', one, '--yes')).code).toBe('SECTOR_STATE_WRONG')

  const back = await maintain('recover', one, '--dry-run')
  expect(back.data).toMatchObject({ requested: null, partitions: [{ partition: 0, sectors: [sector] }] })
  expect((await maintain('recover', one, '--yes')).data.requested).toEqual([0])
  await until('it is sound', async () => ((await stateOf()) === 'active' ? true : undefined))
  expect(await proving('faults')).toEqual([])
  const file = await readFile(join(home, 'provider', 'config.json'), 'utf8')
  expect(JSON.parse(file)).not.toHaveProperty('maintenance')
}, 60_000)

test('check says for each sector whether it proves, and why not, while the provider runs and when it does not', async () => {
  const known = { partition: 0, sector, reason: null }
  expect(await proving('check')).toEqual([expect.objectContaining(known)])
  expect(await proving('check', '77')).toEqual([])
  await provider.stop()
  const scrubbed = { schemaVersion: 1, sectors: [{ number: sector, readAtMs: 1_800_000_000_000, next: 0 }] }
  await writeFile(join(home, 'provider', 'scrub.json'), JSON.stringify(scrubbed))
  expect(await proving('check')).toEqual([{ ...known, readAtMs: 1_800_000_000_000 }])
  const replica = join(home, 'provider', 'sectors', String(sector), 'replica')
  await writeFile(
    replica,
    (await readFile(replica)).map((byte) => byte ^ 0xff),
  )
  const { stdout } = await granary(['provider', 'sectors', 'log', String(sector), '--home', home, '--json'])
  const { state, events } = JSON.parse(stdout).data
  expect([state, events[0].state, events.at(-1).state]).toEqual(['proving', 'filling', 'proving'])
  const abandoned = await granary(['provider', 'sectors', 'abandon', String(sector), '--home', home])
  expect([abandoned.code, abandoned.stderr]).toEqual([expect.any(Number), expect.stringContaining('SECTOR_STATE')])
  const [checked] = await proving<{ reason: string }[]>('check', String(sector))
  expect(checked!.reason).toMatch(/replica/)

  // Nobody would answer; and what is not proven any more is better declared, also without the provider.
  expect((await maintain('recover', String(sector))).code).toBe('PROVIDER_NOT_RUNNING')
  const { data } = await maintain('declare', String(sector), '--yes')
  expect([data.declared, await stateOf()]).toEqual([[sector], 'faulty'])
  const sources = { chain: devnet.chain, provider: provider.providerId, home }
  await expect(planReturn(sources, [sector])).rejects.toMatchObject({ code: 'SECTORS_DAMAGED' })
  const text = await readFile(join(home, 'provider', 'config.json'), 'utf8')
  expect(JSON.parse(text).maintenance).toEqual([sector])
})
