/** What is done with a deal after its put, against a running provider that has sealed and proven it, on a chain of short periods. */
import { mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fromHex } from '@granary/base'
import { writeKey } from '@granary/chain/keystore'
import type { ExtendWish } from '@granary/client'
import { createGranary } from '@granary/client/node'
import { type ChainClient, type DealView, sendMessage } from '@granary/protocol/client'
import { epochTimeMs } from '@granary/protocol/epochs'
import { accountSigner, dealTermsFromJson, type Signer } from '@granary/protocol/messages'
import { initProvider, type RunningProvider, runProvider } from '@granary/provider'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { dyingChain } from '../../../../client/test/dying-chain.ts'
import { randomCar, TestClient, temporaryHome, termsOf } from '../../../../provider/test/market-kit.ts'
import { dealIn } from '../../../../provider/test/provider-process.ts'
import { type Devnet, startDevnet } from '../../../../provider/test/start-devnet.ts'
import { granary, type Ran } from '../../../test/granary.ts'
import { wideLines } from '../../../test/wide-lines.ts'

const passphrase = 'for tests only'
let root: Awaited<ReturnType<typeof temporaryHome>>
let devnet: Devnet
let chain: ChainClient
let provider: RunningProvider
let passphraseFile: string

beforeAll(async () => {
  root = await temporaryHome()
  devnet = await startDevnet(root.home)
  chain = devnet.chain
  passphraseFile = join(root.home, 'passphrase')
  await writeFile(passphraseFile, passphrase, { mode: 0o600 })
  const home = join(root.home, 'a')
  await initProvider({ home, chainUrl: chain.url, profile: '2KiB-test', passphrase, light: true })
  const cacheHome = join(root.home, 'cache')
  provider = await runProvider({ home, cacheHome, port: 0, libp2pPort: undefined, passphrase, sealAfterMs: 0 })
}, 60_000)
afterAll(async () => {
  await provider.stop()
  await devnet.stop()
  await root.remove()
})

interface Owner {
  readonly signer: Signer
  /** Of its wallet. */
  readonly folder: string
  /** What a person reads in so many columns. */
  screen(columns: number, ...args: readonly string[]): Promise<Ran>
  /** Runs a command with this account, yes to everything. */
  run(...args: readonly string[]): Promise<Ran>
  balance(): Promise<bigint>
}

async function owner(byte: number): Promise<Owner> {
  const home = await mkdtemp(join(root.home, 'client-'))
  const key = new Uint8Array(32).fill(byte)
  await writeKey(join(home, 'client', 'keystore.json'), key, passphrase, { light: true })
  const signer = accountSigner(key)
  await chain.faucet(signer.address)
  const common = ['--home', home, '--chain', chain.url, '--passphrase-file', passphraseFile]
  return {
    signer,
    folder: join(home, 'client'),
    screen: (columns, ...args) =>
      granary(args, {
        ...{ GRANARY_HOME: home, GRANARY_CHAIN: chain.url, GRANARY_PASSPHRASE_FILE: passphraseFile },
        ...{ COLUMNS: `${columns}`, NO_COLOR: '1' },
      }),
    run: (...args) => granary([...args, ...common, '--json']),
    balance: async () => BigInt((await chain.account(signer.address)).balance),
  }
}

async function dataOf(ran: Promise<Ran>): Promise<Record<string, unknown>> {
  const { code, stdout } = await ran
  if (code !== 0) throw new Error(`exit ${code}: ${stdout}`)
  return JSON.parse(stdout).data
}

async function errorOf(
  ran: Promise<Ran>,
): Promise<{ code: string; message: string; hint: string; details: Record<string, unknown> }> {
  const { stdout } = await ran
  return JSON.parse(stdout).error
}

/** A deal of this account in a proven sector. @param extendableFor epochs beyond its end that its terms allow */
async function activeDeal(byte: number, extendableFor?: number): Promise<DealView> {
  const car = await randomCar(1_200)
  const { genesisHash, height } = await chain.status()
  const client = new TestClient(provider.url, { key: byte, provider: provider.providerId, genesisHash })
  await client.logIn()
  const quote = await client.quote(car.pieceSize, 5_000)
  const extendableUntil = extendableFor === undefined ? undefined : height + 5_000 + extendableFor
  const terms = {
    ...termsOf(car, quote, height + 500, BigInt(Date.now())),
    ...(extendableUntil && { extendableUntil }),
  }
  const { status, body } = await client.agree(await client.upload(car.bytes, car, quote), terms)
  if (status !== 201) throw new Error(JSON.stringify(body))
  const deals = [{ terms: dealTermsFromJson(body.terms), providerSignature: fromHex(body.signature) }]
  await sendMessage({ chain, signer: client.signer, kind: 'PublishDeal', body: { deals } })
  const { dealId } = await dealIn(provider.url, body.agreementId, 'active')
  return await chain.deal(dealId)
}

test('a deal is renewed by agreement with its provider, for what was said before', async () => {
  const { run, balance } = await owner(51)
  const { id, endsAt = 0, terms } = await activeDeal(51)
  const asked = ['renew', `${id}`, '--for', '5s']
  const planned = await dataOf(run(...asked, '--dry-run'))
  const price = BigInt(terms.pricePerEpoch) * 50n
  expect(planned).toMatchObject({ deal: id, endsAt, until: endsAt + 50, epochs: 50, price: `${price}`, sent: null })
  expect((await errorOf(run(...asked))).code).toBe('SPENDING_UNCONFIRMED')
  expect((await chain.deal(id)).endsAt).toBe(endsAt)
  const before = await balance()
  const { locked } = (await chain.provider(provider.providerId)).collateral
  const done = await dataOf(run(...asked, '--yes'))
  expect((await chain.deal(id)).endsAt).toBe(endsAt + 50)
  expect(await balance()).toBe(before - price - BigInt(done.fee as string))
  const added = BigInt((await chain.provider(provider.providerId)).collateral.locked) - BigInt(locked)
  expect(added).toBe(BigInt(planned.providerCollateral as string))
  expect(added * 10_000n).toBeGreaterThanOrEqual(price * 2_000n)
}, 60_000)

test('a renewal beyond what a deal may last, of another’s deal, or to an earlier end is refused before anything is paid', async () => {
  const { run, balance } = await owner(52)
  const { id } = await activeDeal(52)
  const before = await balance()
  const beyond = await errorOf(run('renew', `${id}`, '--for', '400d', '--yes'))
  expect(beyond).toMatchObject({ code: 'DEAL_NOT_EXTENDABLE', details: { latest: expect.any(Number) } })
  const moment = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d UTC \(epoch \d+\)`
  expect(beyond.message).toMatch(new RegExp(`ends ${moment}, and cannot be brought to ${moment}`))
  expect(beyond.hint).toMatch(new RegExp(`^name an end up to ${moment}$`))
  expect((await errorOf(run('renew', `${id}`, '--until', '2020-01-01', '--yes'))).code).toBe('DEAL_NOT_EXTENDABLE')
  expect((await errorOf(run('renew', '4711', '--for', '5s', '--yes'))).code).toBe('DEAL_NOT_FOUND')
  expect(await balance()).toBe(before)
  const stranger = await owner(53)
  expect((await errorOf(stranger.run('renew', `${id}`, '--for', '5s', '--yes'))).code).toBe('DEAL_CLIENT_WRONG')
  for (const args of [['--yes'], ['--dry-run'], ['--at-end', '--yes'], ['--at-end', '--dry-run']])
    expect((await errorOf(stranger.run('cancel', `${id}`, ...args))).code).toBe('DEAL_CLIENT_WRONG')
  for (const wrong of [
    ['renew', '1'],
    ['renew', '1', '--for', '1d', '--until', '2027-01-01'],
    ['renew', 'x', '--for', '1d'],
  ])
    expect((await run(...wrong, '--yes')).code).toBe(2)
}, 60_000)

test('anybody tops a deal up whose terms allow it, as far as they allow it', async () => {
  const { run } = await owner(54)
  const { id, endsAt = 0, terms } = await activeDeal(54, 300)
  const stranger = await owner(55)
  const price = BigInt(terms.pricePerEpoch) * 100n
  const before = await stranger.balance()
  expect(await dataOf(stranger.run('topup', `${id}`, '--for', '10s', '--dry-run'))).toMatchObject({ price: `${price}` })
  const { fee } = await dataOf(stranger.run('topup', `${id}`, '--for', '10s', '--yes'))
  expect(await stranger.balance()).toBe(before - price - BigInt(fee as string))
  expect((await chain.deal(id)).endsAt).toBe(endsAt + 100)
  const beyond = await errorOf(run('topup', `${id}`, '--for', '1h', '--yes'))
  expect(beyond).toMatchObject({ code: 'DEAL_NOT_EXTENDABLE', details: { latest: Number(terms.extendableUntil) } })
  const fixed = await activeDeal(54)
  expect(await errorOf(run('topup', `${fixed.id}`, '--for', '1s', '--yes'))).toMatchObject({
    code: 'DEAL_NOT_EXTENDABLE',
    hint: expect.stringContaining('granary renew DEAL'),
  })
}, 60_000)

/** A run that died when its message had left, which is in a block by now. */
async function killed({ signer, folder }: Owner, verb: 'renew' | 'topUp', wish: ExtendWish): Promise<void> {
  const { endsAt } = await chain.deal(wish.deal)
  const { chain: dying, signal } = dyingChain(chain.url, true)
  const granary = createGranary({ chain: dying, signer, folder })
  await expect(granary[verb](wish, { signal })).rejects.toMatchObject({ name: 'AbortError' })
  while ((await chain.deal(wish.deal)).endsAt === endsAt) await new Promise((done) => setTimeout(done, 50))
}

test.each([
  ['renew', 'renew', 58],
  ['topup', 'topUp', 59],
] as const)(
  'a %s that was killed in its block is paid once by the same command',
  async (command, verb, byte) => {
    const payer = await owner(byte)
    const { id, endsAt = 0 } = await activeDeal(byte, 700)
    await killed(payer, verb, { deal: id, for: { ms: 5_000 } })
    const before = await payer.balance()
    const again = await dataOf(payer.run(command, `${id}`, '--for', '5s', '--yes'))
    expect(again).toMatchObject({ deal: id, until: endsAt + 50, resumed: true, sent: { height: expect.any(Number) } })
    expect([(await chain.deal(id)).endsAt, await payer.balance()]).toEqual([endsAt + 50, before])

    // A date that an earlier run has reached is reached, whatever epoch it is by now; of a later one the rest is sent.
    const granary = createGranary({ chain, signer: payer.signer, folder: payer.folder })
    const time = await chain.status()
    const until = (more: number) => new Date(epochTimeMs(endsAt + more, time))
    await killed(payer, verb, { deal: id, until: until(300) })
    const reached = await chain.deal(id)
    const ends = { endsAt: reached.endsAt, endsAtMs: expect.any(Number) }
    expect(await granary[verb]({ deal: id, until: until(300) })).toMatchObject({ resumed: true, ...ends })
    await killed(payer, verb, { deal: id, until: until(450) })
    const more = await granary[verb]({ deal: id, until: until(600) })
    expect(more.resumed).toBe(false)
    // Blocks come later or earlier than planned.
    for (const [found, wanted] of [
      [reached.endsAt, 300],
      [more.endsAt, 600],
    ] as const)
      expect(Math.abs((found ?? 0) - endsAt - wanted)).toBeLessThan(50)
    expect((await chain.deal(id)).endsAt).toBe(more.endsAt)
  },
  60_000,
)

test('a deal is left for what was said before: a share to its provider, the rest back', async () => {
  const { run, balance } = await owner(56)
  const { id, terms } = await activeDeal(56)
  const planned = await dataOf(run('cancel', `${id}`, '--dry-run'))
  expect(BigInt(planned.share as string) * 10n).toBe((BigInt(planned.rest as string) / 10n) * 10n)
  expect((await errorOf(run('cancel', `${id}`))).code).toBe('SPENDING_UNCONFIRMED')
  const before = await balance()
  const done = await dataOf(run('cancel', `${id}`, '--yes'))
  const gained = (await balance()) - before + BigInt(done.fee as string)
  // Blocks went by between the plan and the message.
  const perEpoch = BigInt(terms.pricePerEpoch)
  expect(gained).toBeLessThanOrEqual(BigInt(done.back as string))
  expect(gained).toBeGreaterThan(BigInt(done.back as string) - 30n * perEpoch)
  expect((await errorOf(run('cancel', `${id}`, '--yes'))).code).toBe('DEAL_OVER')
}, 60_000)

test('what is proven is settled for whoever asks, once, and it is said what that pays', async () => {
  const { run } = await owner(57)
  const { id } = await activeDeal(57)
  while ((await chain.deal(id)).provenEpochs === 0) await new Promise((done) => setTimeout(done, 100))
  expect(await dataOf(run('settle', `${id}`, '--dry-run'))).toMatchObject({ deals: [id], sent: false, paid: null })
  expect((await errorOf(run('settle', `${id}`))).code).toBe('SPENDING_UNCONFIRMED')
  const done = await dataOf(run('settle', `${id}`, '--yes'))
  expect(done).toMatchObject({ deals: [id], sent: true, back: '0' })
  expect(await dataOf(run('settle', '--yes'))).toMatchObject({ deals: [], sent: false })
  expect((await errorOf(run('settle', '4711', '--yes'))).code).toBe('DEAL_NOT_FOUND')
}, 60_000)

test('a standing order is ended for a fee; where there is none, that is told before anything is paid', async () => {
  const one = await owner(50)
  const fixed = await activeDeal(50)
  const before = await one.balance()
  for (const flag of ['--dry-run', '--yes'])
    expect((await errorOf(one.run('cancel', `${fixed.id}`, '--at-end', flag))).code).toBe('DEAL_NOT_ORDERED')
  expect(await one.balance()).toBe(before)
  const { id, endsAt } = await activeDeal(50, 300)
  expect(await dataOf(one.run('cancel', `${id}`, '--at-end', '--dry-run'))).toMatchObject({
    deal: id,
    endsAt,
    sent: null,
  })
  await dataOf(one.run('cancel', `${id}`, '--at-end', '--yes'))
  expect((await chain.deal(id)).orderedUntil).toBeUndefined()
  expect((await errorOf(one.run('cancel', `${id}`, '--at-end', '--yes'))).code).toBe('DEAL_NOT_ORDERED')
}, 60_000)

test.each([60, 200])(
  'what is said of deals and prices fits into %i columns',
  async (columns) => {
    const { screen } = await owner(49)
    const { id, terms } = await activeDeal(49, 300)
    const file = join(root.home, 'told')
    await writeFile(file, 'to be told of')
    for (const args of [
      ['status', terms.pieceCid],
      ['deals'],
      ['deals', '--ending', '1d'],
      ['quote', file],
      ['quote', file, '--renew-until', dateIn(90)],
      ['put', file, '--dry-run'],
      ['providers', '--why'],
      ['renew', `${id}`, '--for', '5s', '--dry-run'],
      ['topup', `${id}`, '--for', '5s', '--yes'],
      ['settle', `${id}`, '--dry-run'],
      ['cancel', `${id}`, '--at-end', '--dry-run'],
      ['cancel', `${id}`, '--dry-run'],
      ['cancel', `${id}`, '--yes'],
      ['verify', terms.pieceCid],
    ]) {
      const { stdout, stderr } = await screen(columns, ...args)
      expect({ args, wide: wideLines(stdout + stderr, columns), isSilent: stdout === '' }).toEqual({
        args,
        wide: [],
        isSilent: false,
      })
    }
  },
  60_000,
)

const DAY_MS = 86_400_000
const dateIn = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10)
