/** The owner's commands against a running provider with a deal in a proven sector, on a chain of short periods. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createKey } from '@granary/chain/keystore'
import type { ChainClient } from '@granary/protocol/client'
import { initProvider, type RunningProvider, runProvider } from '@granary/provider'
import { changeConfig, readConfig } from '@granary/provider/operator'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { temporaryHome } from '../../../../provider/test/market-kit.ts'
import { dealIn, passphrase, storeDeal, until } from '../../../../provider/test/provider-process.ts'
import { type Devnet, startDevnet } from '../../../../provider/test/start-devnet.ts'
import { freePort } from '../../../../provider/test/start-redis.ts'
import { bin, granary, type Ran } from '../../../test/granary.ts'
import { wideLines } from '../../../test/wide-lines.ts'

const GRN = 10n ** 18n
let root: Awaited<ReturnType<typeof temporaryHome>>
let devnet: Devnet
let chain: ChainClient
let home: string
let passphraseFile: string
let provider: RunningProvider
let stored: { pieceCid: string; rootCid: string }
let deal: { sector: number; dealId: number }

beforeAll(async () => {
  root = await temporaryHome()
  devnet = await startDevnet(root.home)
  chain = devnet.chain
  home = join(root.home, 'a')
  passphraseFile = join(root.home, 'passphrase')
  await writeFile(passphraseFile, passphrase, { mode: 0o600 })
  await initProvider({ home, chainUrl: chain.url, profile: '2KiB-test', passphrase, light: true })
  await changeConfig(join(home, 'provider', 'config.json'), { 'ask.durationMinMs': 1_000 })
  const cacheHome = join(root.home, 'cache')
  provider = await runProvider({ home, cacheHome, port: 0, libp2pPort: undefined, passphrase, sealAfterMs: 0 })
  const { agreementId, car } = await storeDeal(chain, provider.url)
  stored = car
  deal = await dealIn(provider.url, agreementId, 'active')
}, 60_000)
afterAll(async () => {
  await provider.stop()
  await devnet.stop()
  await root.remove()
})

function provide(...args: readonly string[]): Promise<Ran> {
  return granary(['provider', ...args, '--home', home])
}

async function spend(...args: readonly string[]): Promise<Ran> {
  return provide(...args, '--passphrase-file', passphraseFile, '--yes', '--json')
}

async function collateral(): Promise<{ free: bigint; locked: bigint }> {
  const view = await chain.provider(provider.providerId)
  return { free: BigInt(view.collateral.free), locked: BigInt(view.collateral.locked) }
}

/** GRN, to a thousandth: what a block lets vest is less. */
async function gained(before: { free: bigint }): Promise<number> {
  return grnOf((await collateral()).free - before.free)
}

function grnOf(amount: bigint): number {
  // A sum just below nothing is no negative zero.
  return Math.round(Number(amount) / Number(GRN / 1_000n)) / 1_000 + 0
}

async function configured(): Promise<bigint> {
  return BigInt((await readConfig(join(home, 'provider', 'config.json'))).collateral)
}

test('money says why each part of the collateral is locked, without a key or a passphrase', async () => {
  const { code, stdout } = await provide('money', '--json')
  expect(code).toBe(0)
  const { data } = JSON.parse(stdout)
  const { locked } = await collateral()
  const { deals, endedDeals, pledges, deposits } = data.lockedFor
  expect(BigInt(data.collateral.locked)).toBe(locked)
  expect(BigInt(deals) + BigInt(endedDeals) + BigInt(pledges) + BigInt(deposits)).toBe(locked)
  const { terms } = await chain.deal(deal.dealId)
  expect(deals).toBe(terms.providerCollateral)
  const params = await chain.params()
  expect(BigInt(pledges)).toBe((params.pledgePerGiB * 2_048n + 2n ** 30n - 1n) / 2n ** 30n)
  expect(BigInt(deposits)).toBe(params.partitionDeposit)
  const { balance } = await chain.account(provider.address)
  const periods = BigInt(balance) / BigInt(data.fees.perPeriod)
  expect(data.fees.runwayMs / (params.provingPeriod * 100)).toBeCloseTo(Number(periods), -4)
  expect(
    (await granary(['provider', 'money', '--provider', `${provider.providerId}`, '--chain', chain.url])).stdout,
  ).toContain('runway')
})

test.each([60, 200])('what its owner reads fits into %i columns', async (columns) => {
  for (const line of [
    ...[
      'status',
      'deals',
      'deals --ended',
      'traffic',
      'alerts',
      'reload',
      'money',
      'config show',
      'ask show',
      'volumes list',
    ],
    ...['sectors list', `sectors log ${deal.sector}`, 'proving status', 'proving faults', 'proving history'],
    ...['deposit 5 --dry-run', 'withdraw 5 --dry-run', 'drain --dry-run', 'exit --dry-run'],
    ...[`sectors extend ${deal.sector} --for 1d --dry-run`, `sectors terminate ${deal.sector} --dry-run`],
  ]) {
    const env = { COLUMNS: `${columns}`, NO_COLOR: '1' }
    const { code, stdout, stderr } = await granary(['provider', ...line.split(' '), '--home', home], env)
    expect({ line, code, stderr, wide: wideLines(stdout, columns) }).toEqual({ line, code: 0, stderr: '', wide: [] })
  }
})

test('a deposit and a withdrawal arrive, and are not made when nobody has said yes', async () => {
  const before = await collateral()
  const quiet = await provide('deposit', '5', '--passphrase-file', passphraseFile)
  expect(quiet.code).not.toBe(0)
  expect(quiet.stderr).toContain('SPENDING_UNCONFIRMED')
  const planned = await provide('deposit', '5', '--dry-run', '--json')
  expect(JSON.parse(planned.stdout).data).toMatchObject({ amount: `${5n * GRN}`, sent: null })
  expect(await gained(before)).toBe(0)

  expect(JSON.parse((await spend('deposit', '5')).stdout).data.sent).toMatchObject({ id: expect.any(String) })
  expect(await gained(before)).toBe(5)
  expect((await spend('withdraw', '2')).code).toBe(0)
  expect(await gained(before)).toBe(3)
  const tooMuch = JSON.parse((await spend('withdraw', '100000000')).stdout)
  expect(tooMuch.error).toMatchObject({ code: 'INSUFFICIENT_COLLATERAL' })
  expect(await configured()).toBe(100n * GRN)
})

test('what was withdrawn stays withdrawn when the running provider looks at its configuration again', async () => {
  const before = await collateral()
  expect((await spend('withdraw', '4')).code).toBe(0)
  const after = await collateral()
  expect(grnOf(after.free - before.free)).toBe(-4)
  expect(grnOf((await configured()) - after.free - after.locked)).toBe(0)
  await provider.reload()
  expect(await gained(after)).toBe(0)
  expect((await collateral()).locked).toBe(after.locked)
})

test("the owner's key is not needed in the home, and another's is refused before anything is sent", async () => {
  const path = join(home, 'provider', 'keystore.json')
  const elsewhere = join(root.home, 'usb-stick.json')
  await rename(path, elsewhere)
  try {
    const before = await collateral()
    const id = ['--provider', `${provider.providerId}`]
    expect((await spend('deposit', '1', '--owner-key', elsewhere)).code).toBe(0)
    expect(await gained(before)).toBe(1)
    const foreign = join(root.home, 'foreign.json')
    await createKey(foreign, passphrase, { light: true })
    const refused = JSON.parse((await spend('withdraw', 'all', '--owner-key', foreign, ...id)).stdout)
    expect(refused.error).toMatchObject({ code: 'PROVIDER_NOT_OWNED' })
    expect(await gained(before)).toBe(1)
  } finally {
    await rename(elsewhere, path)
  }
})

test("the daemon runs without the owner's key: what only the owner may sign is asked of it, and is signed elsewhere", async () => {
  const other = join(root.home, 'c')
  const own = (...args: readonly string[]) => granary(['provider', ...args, '--home', other, '--chain', chain.url])
  await initProvider({ home: other, chainUrl: chain.url, profile: '2KiB-test', passphrase, light: true })
  const stick = join(root.home, 'stick.json')
  await rename(join(other, 'provider', 'keystore.json'), stick)
  const options = { home: other, cacheHome: join(root.home, 'cache'), port: 0, libp2pPort: undefined, passphrase }
  await expect(runProvider(options)).rejects.toMatchObject({ code: 'OWNER_KEY_AWAY' })
  const signing = ['register', '--owner-key', stick, '--passphrase-file', passphraseFile, '--yes', '--json']
  const limits = ['--session-limit', '5', '--session-time', '90d']
  // Brought to the machine of the owner, which has no home of this provider.
  const brought = join(root.home, 'brought.json')
  await rename(join(other, 'provider', 'registration.json'), brought)
  expect(JSON.parse((await own(...signing)).stdout).error.code).toBe('REGISTRATION_INVALID')
  const dry = ['register', '--owner-key', stick, '--registration', brought, ...limits, '--dry-run']
  expect((await own(...dry)).stdout).toMatch(/for at most .*; the daemon's key may spend 5 GRN from then on, until 2/)
  const first = JSON.parse((await own(...signing, '--registration', brought, ...limits)).stdout).data
  expect(first.session).toMatchObject({ spendingLimit: `${5n * GRN}` })
  expect(first.registered).toMatchObject({ done: 'registered' })
  const { address } = await chain.provider(first.registered.provider).then(({ owner }) => ({ address: owner }))
  const keys = await Array.fromAsync(chain.sessionKeys(address))
  expect(keys).toMatchObject([{ spendingLimit: `${5n * GRN}` }])

  const running = await runProvider(options)
  try {
    const alerts = async () =>
      JSON.parse((await granary(['provider', 'alerts', '--home', other, '--json'])).stdout).data.alerts.map(
        ({ code }: { code: string }) => code,
      )
    expect(await alerts()).toContain('COLLATERAL_NOT_DEPOSITED')
    expect((await own('deposit', '100', ...signing.slice(1))).code).toBe(0)
    expect((await granary(['provider', 'config', 'set', 'name=elsewhere', '--home', other])).code).toBe(0)
    expect(await alerts()).toEqual(['PROVIDER_NOT_UPDATED'])
    const payout = `0x${'07'.repeat(20)}`
    expect(JSON.parse((await own(...signing, '--payout', payout)).stdout).data.registered).toMatchObject({
      done: 'updated',
    })
    expect(await chain.provider(running.providerId)).toMatchObject({ name: 'elsewhere', payout })
    expect((await granary(['provider', 'reload', '--home', other])).code).toBe(0)
    expect(await alerts()).toEqual([])
    const { agreementId } = await storeDeal(chain, running.url)
    await dealIn(running.url, agreementId, 'active')
  } finally {
    await running.stop()
  }
}, 30_000)

test('two commands that change the configuration at once both have their way', async () => {
  const before = await readConfig(join(home, 'provider', 'config.json'))
  const said = await Promise.all([
    provide('config', 'set', 'region=north'),
    provide('config', 'set', 'limits.quotesTotal=1000'),
    provide('config', 'set', 'limits.quoteValidMs=60000'),
  ])
  expect(said.map(({ stdout }) => stdout.split(',')[0])).toEqual([
    'region = north',
    'limits.quotesTotal = 1000',
    'limits.quoteValidMs = 60000',
  ])
  const { region, limits } = await readConfig(join(home, 'provider', 'config.json'))
  expect([region, limits.quotesTotal, limits.quoteValidMs]).toEqual(['north', 1000, 60_000])
  expect((await provide('config', 'set', 'region=', 'limits.quotesTotal=', 'limits.quoteValidMs=')).code).toBe(0)
  expect(await readConfig(join(home, 'provider', 'config.json'))).toEqual(before)
})

test('a running provider says how it is, which deals it has and what is wrong', async () => {
  const status = await provide('status')
  expect(status).toMatchObject({ code: 0, stdout: expect.stringMatching(/ready +yes[\s\S]*sectors +1 proving/) })
  expect(JSON.parse((await provide('deals', '--json')).stdout).data.deals).toMatchObject([{ dealId: deal.dealId }])
  expect((await provide('alerts')).stdout).toBe('no alerts\n')
  expect((await provide('reload')).stdout).toBe('nothing to apply\n')
  const none = await granary(['provider', 'status', '--home', join(root.home, 'none')])
  expect(none).toMatchObject({ code: 5, stderr: expect.stringContaining('PROVIDER_NOT_RUNNING') })
})

test('what is fetched of it is a table by roots', async () => {
  expect((await provide('traffic')).stdout).toBe('nothing has been fetched\n')
  await (await fetch(`${provider.url}/piece/${stored.pieceCid}`)).bytes()
  const { stdout } = await until('it is counted', async () => {
    const ran = await provide('traffic')
    return ran.stdout.includes(stored.rootCid) ? ran : undefined
  })
  expect(stdout).toMatch(/^answers +HTTP +bitswap +last +root\n/)
  expect(stdout).toMatch(/^1 +\S+ (bytes|KiB) +0 bytes /m)
})

test('the ask is shown, and set as part of the configuration', async () => {
  const shown = JSON.parse((await provide('ask', '--json')).stdout).data
  expect(shown.ask).toMatchObject({ pricePerGiBEpoch: '1000000000000000', pieceSizeMin: 128 })
  const times = ['--time-min', '2s', '--time-max', '30d', '--valid', '2d']
  const set = await provide('ask', 'set', '--price', '0.002', ...times, '--size-min', '256', '--json')
  expect(JSON.parse(set.stdout).data.keys).toMatchObject([
    { key: 'ask.pricePerGiBEpoch', value: '2000000000000000' },
    { key: 'ask.pieceSizeMin', value: 256 },
    { key: 'ask.durationMinMs', value: 2_000 },
    { key: 'ask.durationMaxMs', value: 30 * 86_400_000 },
    { key: 'ask.validMs', value: 2 * 86_400_000 },
  ])
  expect((await provide('ask')).stdout).toContain('0.002 GRN')
  expect((await provide('ask', 'set')).code).toBe(2)
  expect((await provide('ask', 'set', '--size-min', '4096', '--size-max', '256')).stderr).toContain('CONFIG_INVALID')
})

test('what a running provider refuses does not stay in config.json, also what would wait for its next start', async () => {
  const file = join(home, 'provider', 'config.json')
  const before = await readFile(file, 'utf8')
  for (const [change, refusal] of [
    ['profile=8MiB-dev', 'CONFIG_INVALID'],
    ['ask.pieceSizeMax=4096', 'CONFIG_INVALID'],
    ['denylists=nowhere.deny', 'DENYLIST_UNREADABLE'],
  ] as const) {
    const { code, stdout } = await provide('config', 'set', change, 'name=half', '--json')
    expect([change, code === 0, JSON.parse(stdout).error?.code]).toEqual([change, false, refusal])
    expect(await readFile(file, 'utf8')).toBe(before)
  }
  const { alerts } = JSON.parse((await provide('alerts', '--json')).stdout).data
  expect(alerts).not.toContainEqual(expect.objectContaining({ code: 'CONFIG_NOT_APPLIED' }))
})

test('config says what each key is, and what is set is on the chain at once, what is written by hand after a SIGHUP', async () => {
  const other = join(root.home, 'b')
  await initProvider({ home: other, chainUrl: chain.url, profile: '2KiB-test', passphrase, light: true })
  const configured = await freePort()
  await changeConfig(join(other, 'provider', 'config.json'), { port: configured })
  const where = ['--host', '127.0.0.2', '--public-url', 'http://127.0.0.2:7999', '--no-libp2p']
  const args = ['run', '--home', other, ...where, '--json', '--passphrase-file', passphraseFile]
  const child = spawn(process.execPath, [bin, 'provider', ...args], { stdio: ['pipe', 'pipe', 'ignore'] })
  try {
    const [line] = await once(createInterface({ input: child.stdout }), 'line')
    const { provider: id, url } = JSON.parse(String(line))
    expect(url).toBe(`http://127.0.0.2:${configured}`)
    expect((await chain.provider(id)).endpoints).toEqual(['http://127.0.0.2:7999'])
    const shown = JSON.parse((await granary(['provider', 'config', '--home', other, '--json'])).stdout).data
    expect(shown.keys).toContainEqual(
      expect.objectContaining({ key: 'ask.pieceSizeMin', value: 128, origin: 'default', takesEffect: 'reload' }),
    )
    const env = { GRANARY_REDIS: 'redis://:secret@10.0.0.7:6379' }
    const withRedis = JSON.parse((await granary(['provider', 'config', '--home', other, '--json'], env)).stdout).data
    expect(withRedis.keys).toContainEqual(
      expect.objectContaining({ key: 'sealing.redis', value: 'redis://10.0.0.7:6379', origin: 'GRANARY_REDIS' }),
    )
    const set = [
      'provider',
      'config',
      'set',
      'name=1234',
      'ask.pieceSizeMin=256',
      'ask.pricePerGiBEpoch=55',
      '--home',
      other,
    ]
    expect((await granary(set)).stdout).toContain('ask.pricePerGiBEpoch = 55, from now on')
    expect((await granary(['provider', 'config', 'set', 'nome=x', '--home', other])).stderr).toContain('CONFIG_INVALID')
    expect(await chain.provider(id)).toMatchObject({ name: '1234', ask: { pieceSizeMin: 256, pricePerGiBEpoch: '55' } })
    await changeConfig(join(other, 'provider', 'config.json'), { name: '5678' })
    child.kill('SIGHUP')
    await until('the chain has it', async () => ((await chain.provider(id)).name === '5678' ? true : undefined))
  } finally {
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
  }
})

test('a sector is listed, extended, and terminated for no more than was said before', async () => {
  const listed = JSON.parse((await provide('sectors', '--json')).stdout).data
  expect(listed.sectors).toMatchObject([{ number: deal.sector, state: 'active', deals: [deal.dealId] }])
  expect(listed.underWay).toEqual([])

  const { expiry } = await chain.sector(provider.providerId, deal.sector)
  const dated = await provide('sectors', 'extend', `${deal.sector}`, '--until', '2099-01-31', '--dry-run')
  expect(dated.stdout).toContain(`would extend sector ${deal.sector} until 2099-01-31 00:00 UTC, in `)
  const past = await provide('sectors', 'extend', `${deal.sector}`, '--until', '2020-01-31', '--dry-run')
  expect([past.code, past.stderr]).toEqual([2, expect.stringContaining('that time is over')])
  const later = await spend('sectors', 'extend', `${deal.sector}`, `${deal.sector}`, '--until', `${expiry + 100}`)
  expect(JSON.parse(later.stdout).data).toMatchObject({
    sectors: [deal.sector],
    expiry: expiry + 100,
    sent: [{ id: expect.any(String) }],
  })
  expect((await chain.sector(provider.providerId, deal.sector)).expiry).toBe(expiry + 100)
  const sooner = JSON.parse((await spend('sectors', 'extend', `${deal.sector}`, '--until', `${expiry}`)).stdout)
  expect(sooner.error).toMatchObject({ code: 'SECTOR_EXPIRY_INVALID' })

  const planned = JSON.parse((await provide('sectors', 'terminate', `${deal.sector}`, '--dry-run', '--json')).stdout)
  expect(planned.data).toMatchObject({ sent: null, costs: [{ sector: deal.sector, deals: [deal.dealId] }] })
  expect((await chain.sector(provider.providerId, deal.sector)).state).toBe('active')
  const { terms } = await chain.deal(deal.dealId)
  const [costs] = planned.data.costs
  expect(costs.collateral).toBe(terms.providerCollateral)
  const burntBefore = BigInt((await chain.supply()).burnt)
  const ended = JSON.parse((await spend('sectors', 'terminate', `${deal.sector}`)).stdout)
  expect(ended.data.sent).toHaveLength(1)
  expect((await chain.sector(provider.providerId, deal.sector)).state).toBe('terminated')
  const tx = await chain.tx(ended.data.sent[0].id)
  const charged = tx.events.flatMap((event) => (event.type === 'provider:charged' ? [BigInt(event.amount)] : []))
  // A block later it is an epoch's less.
  const said = BigInt(ended.data.costs[0].fee)
  expect(charged).toHaveLength(1)
  expect(charged[0]).toBeLessThanOrEqual(said)
  expect(charged[0]! * 100n).toBeGreaterThan(said * 99n)
  expect(BigInt((await chain.supply()).burnt)).toBeGreaterThanOrEqual(burntBefore + charged[0]!)
  const again = JSON.parse((await spend('sectors', 'terminate', `${deal.sector}`)).stdout)
  expect(again.error).toMatchObject({ code: 'SECTOR_STATE_WRONG' })
})

test('who leaves ends its ask, settles, waits for the last of the collateral and takes it; a second time nothing is lost', async () => {
  // Long enough to be running still when all that comes before its end has been asked, on a machine that does other things too.
  const { agreementId } = await storeDeal(chain, provider.url, undefined, 80)
  const last = await dealIn(provider.url, agreementId, 'active')
  const planned = JSON.parse((await provide('exit', '--dry-run', '--json')).stdout).data
  expect(planned).toMatchObject({ left: null, plan: { running: [{ deal: last.dealId }], terminate: [] }, price: '0' })
  expect((await collateral()).free).toBeGreaterThan(0n)
  expect((await provide('drain', '--passphrase-file', passphraseFile)).stdout).toContain('takes no new deals')
  const { height } = await chain.status()
  expect((await chain.provider(provider.providerId)).ask!.validUntil - height).toBeLessThanOrEqual(600)
  const before = await collateral()
  await changeConfig(join(home, 'provider', 'config.json'), { collateral: `${1_000n * GRN}` })
  await provider.reload()
  expect(await gained(before)).toBe(0)

  // What ends sectors is asked about, and what was done before the question stays done.
  const unasked = await provide('exit', '--passphrase-file', passphraseFile)
  expect(unasked).toMatchObject({ code: 2, stderr: expect.stringMatching(/1 deal to keep[\s\S]*SPENDING_UNCONFIRMED/) })
  const { code, stdout, stderr } = await spend('exit')
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining(`ended: sectors ${last.sector}`) })
  expect((await chain.deal(last.dealId)).state).toBe('expired')
  const { left } = JSON.parse(stdout).data
  expect(BigInt(left.withdrawn)).toBeGreaterThan(90n * GRN)
  await provider.reload()
  const rest = await collateral()
  expect(rest.locked).toBe(0n)
  expect(rest.free).toBeLessThan(GRN)
  expect(await configured()).toBe(0n)
  const over = JSON.parse((await provide('deals', '--ended', '--json')).stdout).data
  expect(over).toMatchObject({
    more: false,
    deals: [
      { dealId: last.dealId, state: 'expired', reason: 'DEAL_ENDED', money: { settled: true, faultedEpochs: 0 } },
      { dealId: deal.dealId, state: 'terminated', reason: 'SECTOR_TERMINATED', money: { settled: true } },
    ],
  })
  expect(BigInt(over.deals[0].money.paid)).toBe(BigInt((await chain.deal(last.dealId)).paid))
  expect(over.deals[0].endedAtMs).toBeGreaterThan(Date.now() - 60_000)
  const newest = (await provide('deals', '--ended', '--limit', '1')).stdout
  expect(newest).toMatch(/ended as +when[\s\S]*expired[\s\S]* yes [\s\S]*--limit 2 shows more/)
  expect(newest).not.toContain('terminated')
  expect((await spend('exit')).code).toBe(0)
  expect(JSON.parse((await provide('money', '--json')).stdout).data.collateral.locked).toBe('0')
  const back = await provide('drain', '--undo', '--passphrase-file', passphraseFile)
  expect(back.stdout).toContain('takes deals again')
}, 30_000)
