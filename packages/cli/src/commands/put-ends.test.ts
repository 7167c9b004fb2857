/** How a put ends: each exit code, and the handle of the SDK behind it, against running providers on a chain of short periods. */
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { writeKey } from '@granary/chain/keystore'
import type { Duration, PutProgress } from '@granary/client'
import { createGranary, hours, minutes } from '@granary/client/node'
import { type ChainClient, sendMessage } from '@granary/protocol/client'
import { accountSigner, feeOf, type Signer } from '@granary/protocol/messages'
import { initProvider, type RunningProvider, runProvider } from '@granary/provider'
import { changeConfig } from '@granary/provider/operator'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { temporaryHome } from '../../../provider/test/market-kit.ts'
import { type Devnet, startDevnet } from '../../../provider/test/start-devnet.ts'
import { atTerminal } from '../../test/at-terminal.ts'
import { granary, type Ran } from '../../test/granary.ts'
import { commandHere } from '../invocation.ts'

const passphrase = 'for tests only'
/** Of two pieces, in sectors of 2 KiB. */
const FILES = 2
let root: Awaited<ReturnType<typeof temporaryHome>>
let devnet: Devnet
let chain: ChainClient
let providers: RunningProvider[]
let passphraseFile: string

beforeAll(async () => {
  root = await temporaryHome()
  devnet = await startDevnet(root.home)
  chain = devnet.chain
  passphraseFile = join(root.home, 'passphrase')
  await writeFile(passphraseFile, passphrase, { mode: 0o600 })
  providers = await Promise.all(['a', 'b'].map((name) => startProvider(name)))
}, 60_000)
afterAll(async () => {
  await Promise.all(providers.map((provider) => provider.stop()))
  await devnet.stop()
  await root.remove()
})

async function startProvider(name: string, sealAfterMs = 0): Promise<RunningProvider> {
  const home = join(root.home, name)
  await initProvider({ home, chainUrl: chain.url, profile: '2KiB-test', passphrase, light: true })
  const cacheHome = join(root.home, 'cache')
  return await runProvider({ home, cacheHome, port: 0, libp2pPort: undefined, passphrase, sealAfterMs })
}

interface Payer {
  readonly signer: Signer
  /** Of its client. */
  readonly folder: string
  /** A folder of files that no other test has. */
  readonly content: string
  /** Puts the content with this account. */
  put(flags: readonly string[], onStderr?: (text: string) => void): Promise<Ran>
}

async function payer(byte: number): Promise<Payer> {
  const home = await mkdtemp(join(root.home, 'client-'))
  const key = new Uint8Array(32).fill(byte)
  await writeKey(join(home, 'client', 'keystore.json'), key, passphrase, { light: true })
  const signer = accountSigner(key)
  await chain.faucet(signer.address)
  const content = join(home, 'content')
  await mkdir(content)
  for (let n = 0; n < FILES; n += 1) await writeFile(join(content, `${n}`), Buffer.alloc(1_500, `${byte} ${n}`))
  const common = ['--home', home, '--chain', chain.url, '--passphrase-file', passphraseFile, '--yes']
  const put: Payer['put'] = (flags, onStderr) => granary(['put', content, ...common, ...flags], {}, [], '/', onStderr)
  return { signer, folder: join(home, 'client'), content, put }
}

interface Document {
  readonly ok: boolean
  readonly code: string
  readonly data: {
    rootCid: string
    deals: { dealId: number; piece: number; copy: number }[]
    missing?: object[]
    withoutEffect: string[]
  }
  readonly error: { code: string; details: { rootCid: string; deals: number[] } }
  readonly actions: { cmd: string }[]
}

function documentOf({ stdout }: Ran): Document {
  return JSON.parse(stdout)
}

function idsOf(deals: readonly { readonly dealId: number }[]): number[] {
  return deals.map(({ dealId }) => dealId).sort((a, b) => a - b)
}

async function dealsOf({ signer }: Payer): Promise<number[]> {
  return (await Array.fromAsync(chain.deals({ client: signer.address }))).map(({ id }) => id).sort((a, b) => a - b)
}

/** What is left pays for a few messages. */
async function spendAll({ signer }: Payer): Promise<void> {
  const [{ balance }, fees, { accountFee }] = await Promise.all([
    chain.account(signer.address),
    chain.fees(),
    chain.params(),
  ])
  const amount = BigInt(balance) - accountFee - 2n * feeOf('Transfer', 512, fees)
  const to = accountSigner(new Uint8Array(32).fill(99)).address
  await sendMessage({ chain, signer, kind: 'Transfer', body: { to, amount } })
}

/** As a shell reads a command. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/'((?:[^']|'\\'')*)'|(\S+)/g)].map(([, quoted, plain]) =>
    quoted === undefined ? plain! : quoted.replaceAll("'\\''", "'"),
  )
}

const DAY_MS = 86_400_000
const dateIn = (ms: number) => new Date(Date.now() + ms).toISOString().slice(0, 10)

test('0 when its deals are on the chain, and again when they are active; --quiet says the CID and nothing else', async () => {
  const one = await payer(61)
  const stored = await one.put(['--no-wait', '--json'])
  expect(stored.code).toBe(0)
  const { data } = documentOf(stored)
  expect(idsOf(data.deals)).toEqual(await dealsOf(one))
  expect(data.deals.length).toBeGreaterThan(1)
  expect(await one.put(['--quiet'])).toEqual({ code: 0, stdout: `${data.rootCid}\n`, stderr: '' })
  // Stopped when nothing is left but to say when they end: nobody is told to repeat it.
  const late = await one.put(['--json', '--progress', 'json'], (line) => {
    if (line.includes('"step":"done"')) process.emit('SIGINT')
  })
  expect([late.code, documentOf(late).ok]).toEqual([0, true])
})

test('3 when a copy of two has no provider that takes it: what is there is named, and so is what is missing', async () => {
  const one = await payer(62)
  const config = join(root.home, 'b', 'provider', 'config.json')
  await changeConfig(config, { 'clients.deny': [one.signer.address] })
  await providers[1]!.reload()
  const partly = await one.put(['--copies', '2', '--no-wait', '--json'])
  expect(partly.code).toBe(3)
  const { ok, code, data } = documentOf(partly)
  expect([ok, code]).toEqual([false, 'PARTIAL'])
  const places = data.deals.map(({ piece }) => piece)
  expect(data.missing).toMatchObject(places.map((piece) => ({ piece, code: 'CLIENT_REFUSED' })))
  expect(idsOf(data.deals)).toEqual(await dealsOf(one))
  const told = await one.put(['--copies', '2', '--no-wait'])
  expect(told).toMatchObject({
    code: 3,
    stdout: `${data.rootCid}\n`,
    stderr: expect.stringMatching(/copy [12] of piece 1: .*\[PUT_PARTIAL\]\n +put the same again/),
  })
  const late = ['--copies', '2', '--no-wait', '--label', 'late']
  for (const flags of [late, [...late, '--quiet']])
    expect(await one.put(flags)).toMatchObject({ code: 3, stderr: expect.stringMatching(/no effect:? +--label: /) })
  expect(documentOf(await one.put([...late, '--json'])).data.withoutEffect).toEqual(['--label'])

  await changeConfig(config, { 'clients.deny': undefined })
  await providers[1]!.reload()
  const whole = await one.put(['--copies', '2', '--no-wait', '--json'])
  expect(whole.code).toBe(0)
  expect(documentOf(whole).data.deals).toHaveLength(2 * data.deals.length)
  const asked = await one.put(['--dry-run', '--renew-until', dateIn(400 * DAY_MS), '--json'])
  expect(documentOf(asked).data).toMatchObject({ slots: [], withoutEffect: ['--renew-until'] })
  expect(await dealsOf(one)).toHaveLength(2 * data.deals.length)
})

test('an option that deals which are made do not follow is named before the question, and once', async () => {
  const one = await payer(75)
  expect((await one.put(['--no-wait', '--quiet'])).code).toBe(0)
  const before = await dealsOf(one)
  const at = ['--home', dirname(one.folder), '--chain', chain.url, '--passphrase-file', passphraseFile]
  const more = ['put', one.content, ...at, '--copies', '2', '--label', 'late', '--no-wait']
  const asked = async (answer: string, flags: readonly string[] = []) => {
    const { code, stderr } = await atTerminal([...more, ...flags], [answer], { env: {} })
    return { code, said: stripVTControlCharacters(stderr).match(/no effect:? +--label: |Spend [^?]*\?/g) }
  }
  const said = [expect.stringMatching(/no effect/), expect.stringMatching(/Spend/)]
  for (const flags of [[], ['--quiet']]) expect(await asked('n', flags)).toEqual({ code: 1, said })
  expect(await dealsOf(one)).toEqual(before)
  expect(await asked('y')).toEqual({ code: 0, said })
})

test('1, 2 and 5: a file that is not there, a wrong word, no such provider, no chain', async () => {
  const { put, content } = await payer(63)
  const codes = async (ran: Promise<Ran>) => ran.then((done) => [done.code, documentOf(done).error.code])
  expect(await codes(granary(['put', join(content, 'nowhere'), '--chain', chain.url, '--json']))).toEqual([
    1,
    'FILE_NOT_FOUND',
  ])
  expect(await codes(put(['--copies', 'two', '--json']))).toEqual([2, 'USAGE'])
  expect(await codes(put(['--provider', '4711', '--json']))).toEqual([5, 'NO_PROVIDER'])
  expect(await codes(granary(['put', content, '--chain', 'http://127.0.0.1:1', '--json']))).toEqual([
    5,
    'CHAIN_UNREACHABLE',
  ])
})

test('4 when there is no money for it, or the passphrase is another', async () => {
  const one = await payer(64)
  await spendAll(one)
  const poor = await one.put(['--json'])
  expect([poor.code, documentOf(poor).error.code]).toEqual([4, 'INSUFFICIENT_FUNDS'])
  expect(await dealsOf(one)).toEqual([])
  await writeFile(`${passphraseFile}-2`, 'another', { mode: 0o600 })
  const refused = await one.put(['--json', '--passphrase-file', `${passphraseFile}-2`])
  expect([refused.code, documentOf(refused).error.code]).toEqual([4, 'PASSPHRASE_WRONG'])
})

test('130 at Ctrl-C: one document names the deals that are made, and the command that it prints goes on', async () => {
  const one = await payer(65)
  const flags = ['--label', "two 'words'", '--copies', '2', '--no-wait']
  const stopAt = async (type: string): Promise<Ran> => {
    let isOver = false
    return await one.put([...flags, '--json', '--progress', 'json'], (line) => {
      if (isOver || !line.includes(`"type":"${type}"`)) return
      isOver = true
      process.emit('SIGINT')
    })
  }
  const stopped = await stopAt('published')
  expect(stopped.code).toBe(130)
  const { error, actions } = documentOf(stopped)
  expect(error).toMatchObject({ code: 'INTERRUPTED', details: { rootCid: expect.stringMatching(/^baf/) } })
  expect(error.details.deals).toEqual(await dealsOf(one))
  expect(error.details.deals.length).toBeGreaterThan(0)
  // Those of the run before are named by the next one that is stopped.
  const once = documentOf(await stopAt('resumed')).error.details.deals
  expect(once).toEqual(expect.arrayContaining(error.details.deals))
  // As it is called from where this test stands.
  const { cmd } = actions[0]!
  const called = commandHere('granary put', { cwd: () => '/', env: {} })
  expect(cmd.startsWith(`${called} `)).toBe(true)
  const words = ['put', ...wordsOf(cmd.slice(called.length))]
  const again = await granary([...words, '--json'])
  expect(again.code).toBe(0)
  const { data } = documentOf(again)
  expect(data.rootCid).toBe(error.details.rootCid)
  const made = await dealsOf(one)
  expect(idsOf(data.deals)).toEqual(made)
  expect(made.slice(0, error.details.deals.length)).toEqual(error.details.deals)
})

test('on a terminal the command that goes on stays as it is printed, whatever is drawn when Ctrl-C comes', async () => {
  const one = await payer(76)
  const own = ['--home', dirname(one.folder), '--chain', chain.url, '--passphrase-file', passphraseFile]
  let isOver = false
  const onStderr = (text: string) => {
    if (isOver || !text.includes('sent  ')) return
    isOver = true
    process.emit('SIGINT')
  }
  const { code, stderr } = await atTerminal(['put', one.content, ...own, '--yes'], [], { env: {}, onStderr })
  expect(code).toBe(130)
  const after = stderr.slice(stderr.lastIndexOf(` --chain ${chain.url}  `))
  expect(stripVTControlCharacters(after)).toBe(` --chain ${chain.url}  goes on\n`)
  expect(after).not.toContain('\u001b[2K')
})

test('an upload is ended by its handle or by a signal, tells how far it came, and is gone on with', async () => {
  const one = await payer(66)
  const sdk = createGranary({ chain, signer: one.signer, folder: one.folder })
  const options = { copies: 2, maxPrice: 'any', until: 'published' } as const
  const whys = { handle: new Error('by its handle'), signal: new Error('by its signal') }
  const stop = new AbortController()
  const first = await sdk.upload(one.content, {
    ...options,
    signal: stop.signal,
    onProgress: ({ type }) => void (type === 'agreed' && stop.abort(whys.signal)),
  })
  expect(first.checkpoint()).toBeUndefined()
  await expect(first.done()).rejects.toBe(whys.signal)
  const states = first.checkpoint()!.slots.map(({ state }) => state)
  expect(states).toContain('agreed')
  expect(await dealsOf(one)).toEqual([])

  const second = await sdk.upload(one.content, options)
  second.start()
  const told: PutProgress['type'][] = []
  for await (const { type } of second) {
    told.push(type)
    if (type === 'published') second.abort(whys.handle)
  }
  await expect(second.done()).rejects.toBe(whys.handle)
  expect(told).toContain('resumed')
  const made = await dealsOf(one)
  expect(made.length).toBeGreaterThan(0)

  const third = await sdk.upload(one.content, options)
  const { rootCid, deals } = await third.done()
  const slots = third.checkpoint()!.slots
  expect(new Set(slots.map(({ state }) => state))).toEqual(new Set(['published']))
  expect(slots.map((slot) => 'dealId' in slot && slot.dealId)).toEqual(deals.map(({ dealId }) => dealId))
  expect(third.checkpoint()!.rootCid).toBe(rootCid)
  expect(idsOf(deals)).toEqual(await dealsOf(one))
  expect(idsOf(deals)).toEqual(expect.arrayContaining(made))
})

test('a standing order until a date that is past, too early or none is refused with dates, before anything is uploaded', async () => {
  const one = await payer(67)
  for (const [date, duration] of [
    ['2020-01-01', '1h'],
    [dateIn(30 * DAY_MS), '180d'],
  ] as const) {
    const refused = await one.put(['--renew-until', date, '--duration', duration, '--json'])
    expect([refused.code, documentOf(refused).error]).toMatchObject([
      2,
      { code: 'ORDER_TOO_SHORT', message: expect.stringContaining(`until ${date} 00:00 UTC only`) },
    ])
  }
  const sdk = createGranary({ chain, signer: one.signer, folder: one.folder })
  const options = { renewUntil: new Date('the 5th of May'), maxPrice: 'any' } as const
  for (const asked of [sdk.quote(one.content, options), sdk.put(one.content, options)])
    await expect(asked).rejects.toMatchObject({ code: 'TIME_INVALID' })
  expect(await dealsOf(one)).toEqual([])
})

test('a put lasts as long as is said, in any unit; the journal has epochs; a number without a unit is refused', async () => {
  const one = await payer(74)
  const sdk = createGranary({ chain, signer: one.signer, folder: one.folder })
  const epochs = 3_600_000 / (await chain.status()).blockTimeMs
  const bare = epochs as unknown as Duration
  for (const asked of [sdk.quote(one.content, { duration: bare }), sdk.providers({ duration: bare })])
    await expect(asked).rejects.toMatchObject({ code: 'TIME_INVALID' })
  const upload = await sdk.upload(one.content, { maxPrice: 'any', until: 'published', duration: minutes(60) })
  const { deals } = await upload.done()
  expect(upload.checkpoint()).toMatchObject({ duration: epochs })
  const views = await chain.dealsById(deals.map(({ dealId }) => dealId))
  expect(new Set(views.map(({ terms }) => terms.duration))).toEqual(new Set([`${epochs}`]))
  // The same in another unit is the same; a millisecond more is an epoch more, and other deals.
  expect(await sdk.quote(one.content, { duration: hours(1) })).toMatchObject({ duration: epochs, slots: [] })
  const longer = await sdk.quote(one.content, { duration: { ms: 3_600_001 } })
  expect(longer.duration).toBe(epochs + 1)
  expect(longer.slots).toHaveLength(deals.length)
})

test('terms with a standing order that a stopped put has made are named by the next one, which asks for none', async () => {
  const one = await payer(68)
  const sdk = createGranary({ chain, signer: one.signer, folder: one.folder })
  const first = await sdk.upload(one.content, {
    ...{ maxPrice: 'any', until: 'published', renewUntil: new Date(Date.now() + 30 * DAY_MS) },
    onProgress: ({ type }) => void (type === 'agreed' && first.abort(new Error('stopped'))),
  })
  await expect(first.done()).rejects.toThrow('stopped')
  const ordered = first.checkpoint()!.slots.flatMap((slot) => ('terms' in slot ? [slot.terms.extendableUntil] : []))
  const quote = await sdk.quote(one.content)
  expect(quote.renewUntil).toBe(Number(ordered[0]))
  expect(BigInt(quote.order)).toBeGreaterThan(0n)
  const shown = await one.put(['--dry-run'])
  expect(shown.stdout).toContain(`then by standing order until ${dateIn(30 * DAY_MS)}`)
  expect(await one.put(['--dry-run', '--quiet'])).toEqual({ code: 0, stdout: `${quote.rootCid}\n`, stderr: '' })
})

test('a standing order that the balance does not pay for is told at the end of the put', async () => {
  const one = await payer(69)
  expect((await one.put(['--renew-until', dateIn(400 * DAY_MS), '--no-wait'])).code).toBe(0)
  await spendAll(one)
  const done = await one.put([])
  expect(done).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('by its standing order; the money for it lacks'),
  })
}, 60_000)

test('another deal is not made while that of an earlier put is not active, and that is said', async () => {
  const one = await payer(77)
  const late = await startProvider('c', 600_000)
  providers.push(late)
  const flags = ['--provider', `${late.providerId}`, '--no-wait', '--json']
  expect(documentOf(await one.put(flags)).data.withoutEffect).toEqual([])
  const made = await dealsOf(one)
  expect(documentOf(await one.put([...flags, '--again'])).data.withoutEffect).toEqual(['--again'])
  expect(await dealsOf(one)).toEqual(made)
})
