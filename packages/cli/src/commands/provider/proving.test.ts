/** `provider proving` against a provider that runs, with a deal in a proven sector, and after it has ended. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { initProvider, type RunningProvider, runProvider } from '@granary/provider'
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

beforeAll(async () => {
  root = await temporaryHome()
  devnet = await startDevnet(root.home)
  home = join(root.home, 'a')
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

test('check says for each sector whether it proves, and why not, while the provider runs and when it does not', async () => {
  expect(await proving('check')).toEqual([{ partition: 0, sector, reason: null }])
  expect(await proving('check', '77')).toEqual([])
  await provider.stop()
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
})
