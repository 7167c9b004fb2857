/** The wallet's commands over a real devnet; where the chain is none, over its answers. */

import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toHex } from '@granary/base'
import { readKey } from '@granary/chain/keystore'
import { createGranary } from '@granary/client/node'
import { accountSigner, addressOf, formatAddress, sessionSigner } from '@granary/protocol/messages'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { serveChain } from '../../../../client/test/chain-answers.ts'
import { dyingChain } from '../../../../client/test/dying-chain.ts'
import { type Devnet, startDevnet } from '../../../../provider/test/start-devnet.ts'
import { atTerminal as answering } from '../../../test/at-terminal.ts'
import { granary, type Ran } from '../../../test/granary.ts'

const GRN = 10n ** 18n
const EXAMPLE_KEY = '0f'.repeat(32)
const EXAMPLE_ADDRESS = addressOf(new Uint8Array(32).fill(0x0f))

let root: string
let devnet: Devnet
let home: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'granary-wallet-'))
  devnet = await startDevnet(join(root, 'devnet'))
}, 60_000)
beforeEach(async () => {
  home = await mkdtemp(join(root, 'home-'))
})
afterAll(async () => {
  await devnet?.stop()
  await rm(root, { recursive: true })
})

function wallet(...args: readonly string[]): Promise<Ran> {
  return granary(['wallet', ...args, '--home', home, '--chain', devnet.chain.url])
}

async function dataOf(ran: Promise<Ran>): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await ran
  if (code !== 0) throw new Error(`exit ${code}: ${stdout}${stderr}`)
  return JSON.parse(stdout).data
}

function atTerminal(args: readonly string[], answers: readonly string[]): Promise<Ran> {
  return answering(args, answers, { env: { GRANARY_HOME: home }, cwd: home })
}

async function secretFile(content: string, name = 'secret'): Promise<string> {
  const path = join(home, name)
  await writeFile(path, content, { mode: 0o600 })
  return path
}

async function funded(): Promise<`0x${string}`> {
  const { address } = (await dataOf(wallet('new', '--json'))) as { address: `0x${string}` }
  await devnet.chain.faucet(address)
  return address
}

const somebody = () => addressOf(new Uint8Array(randomBytes(32)))
const balanceOf = async (address: `0x${string}`) => BigInt((await devnet.chain.account(address)).balance)

test('a new key is made once; its address is shown with its checksum, and needs no passphrase', async () => {
  const { address, keystore } = await dataOf(wallet('new', '--json'))
  expect(await wallet('address')).toMatchObject({ code: 0, stdout: `${formatAddress(address as never)}\n`, stderr: '' })
  expect(await dataOf(wallet('address', '--json'))).toEqual({ address })
  expect((await stat(keystore as string)).mode & 0o777).toBe(0o600)
  const again = await wallet('new')
  expect(again).toMatchObject({ code: 4, stdout: '' })
  expect(again.stderr).toContain('KEYSTORE_EXISTS')
})

test('a key whose passphrase is elsewhere lets its owner look, and is not opened', async () => {
  const at = ['--home', home, '--chain', devnet.chain.url]
  const passphraseFile = await secretFile('correct horse', 'elsewhere')
  expect((await wallet('new', '--passphrase-file', passphraseFile)).code).toBe(0)
  expect(await granary(['deals', ...at])).toMatchObject({ code: 0, stdout: expect.stringContaining('no deals') })
  const cid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
  expect(await granary(['status', cid, ...at])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('CID_NOT_STORED'),
  })
})

test('who has no key is told so by every command that needs one', async () => {
  for (const args of [['address'], ['balance'], ['export', '--yes'], ['send', somebody(), '1', '--yes'], ['keys']])
    expect(await wallet(...args)).toMatchObject({ stdout: '', stderr: expect.stringContaining('KEYSTORE_MISSING') })
})

test.each<[string[], bigint]>([
  [['1.5'], 15n * 10n ** 17n],
  [['1.5 GRN'], 15n * 10n ** 17n],
  [['1.5', 'GRN'], 15n * 10n ** 17n],
  [['9007199254740993', 'attoGRN'], 9_007_199_254_740_993n],
])('send %j moves that, to the last digit', async (amount, expected) => {
  const from = await funded()
  const to = somebody()
  const before = await balanceOf(from)
  const ran = await dataOf(wallet('send', formatAddress(to), ...amount, '--yes', '--json'))
  expect(await balanceOf(to)).toBe(expected)
  expect(ran).toMatchObject({ from, to, amount: `${expected}`, resumed: false, sent: { height: expect.any(Number) } })
  const { accountFee } = await devnet.chain.params()
  expect(await balanceOf(from)).toBe(before - expected - accountFee - BigInt(ran.fee as string))
})

test('a node elsewhere that calls itself a devnet gets no key made, and none with its passphrase beside it', async () => {
  // The same node, by an address that is not of this machine alone.
  const elsewhere = devnet.chain.url.replace('127.0.0.1', '0.0.0.0')
  const file = join(home, 'some.txt')
  await writeFile(file, 'some')
  for (const args of [
    ['wallet', 'new'],
    ['wallet', 'import', await secretFile(EXAMPLE_KEY)],
    ['put', file],
  ]) {
    const { code, stdout } = await granary([...args, '--home', home, '--chain', elsewhere, '--json'])
    expect([code, JSON.parse(stdout).error.code]).toEqual([4, 'PASSPHRASE_MISSING'])
  }
  expect((await readdir(home)).sort()).toEqual(['secret', 'some.txt'])
})

test('send says what it would cost and sends nothing: --dry-run, without a passphrase', async () => {
  const from = await funded()
  await rm(join(home, 'client', 'passphrase'))
  const before = await balanceOf(from)
  const { code, stdout } = await wallet('send', somebody(), '2', '--dry-run')
  expect(code).toBe(0)
  expect(stdout).toContain('would send 2 GRN')
  expect(stdout).toContain('at most')
  expect(await balanceOf(from)).toBe(before)
})

test.each<[string, string[], number, string]>([
  ['where nobody can be asked', [], 2, 'SPENDING_UNCONFIRMED'],
  ['for less than it costs', ['--max-price', '1'], 4, 'PRICE_ABOVE_MAX'],
])('send sends nothing %s', async (_what, options, code, expected) => {
  const from = await funded()
  const before = await balanceOf(from)
  const ran = await wallet('send', somebody(), '1', ...options)
  expect(ran).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(expected) })
  expect(await balanceOf(from)).toBe(before)
})

test('send asks at the terminal: a yes sends, anything else does not', async () => {
  const from = await funded()
  const to = somebody()
  const args = ['wallet', 'send', to, '3', '--home', home, '--chain', devnet.chain.url]
  const before = await balanceOf(from)
  const no = await atTerminal(args, ['n'])
  expect(no).toMatchObject({ stdout: '', stderr: expect.stringContaining(`to send 3 GRN to ${formatAddress(to)}?`) })
  expect(no.code).not.toBe(0)
  expect(await balanceOf(from)).toBe(before)
  expect((await atTerminal(args, ['y'])).stdout).toContain(`sent 3 GRN to ${formatAddress(to)}, in block`)
  expect(await balanceOf(to)).toBe(3n * GRN)
})

test('send to the address that nobody has the key of says that it is lost, and wants a yes to that', async () => {
  const from = await funded()
  const before = await balanceOf(from)
  const nobody = `0x${'0'.repeat(40)}` as const
  const lost = 'what is sent to it is lost for good'
  for (const options of [[], ['--max-price', '5']])
    expect(await wallet('send', nobody, '1', ...options)).toMatchObject({
      ...{ code: 2, stdout: '' },
      stderr: expect.stringMatching(new RegExp(`${lost}[^]*--yes`)),
    })
  expect((await wallet('send', nobody, '1', '--dry-run')).stdout).toContain(lost)
  const args = ['wallet', 'send', nobody, '1', '--home', home, '--chain', devnet.chain.url, '--max-price', '5']
  expect(await atTerminal(args, ['n'])).toMatchObject({ stdout: '', stderr: expect.stringContaining(lost) })
  expect(await balanceOf(from)).toBe(before)
  const sent = await dataOf(wallet('send', nobody, '1', '--yes', '--json'))
  expect(sent).toMatchObject({ to: nobody, warning: expect.stringContaining(lost) })
  expect(await balanceOf(nobody)).toBe(GRN)
})

test('send of nearly all there is, killed in its block, is paid once by the same command', async () => {
  const from = await funded()
  const to = somebody()
  const amount = (await balanceOf(from)) - GRN
  const folder = join(home, 'client')
  const passphrase = (await readFile(join(folder, 'passphrase'), 'utf8')).trim()
  const signer = accountSigner(await readKey(join(folder, 'keystore.json'), passphrase))
  const { chain, signal } = dyingChain(devnet.chain.url, true)
  const killed = createGranary({ chain, signer, folder }).transfer({ to, amount }, { signal })
  await expect(killed).rejects.toMatchObject({ name: 'AbortError' })
  while ((await balanceOf(to)) === 0n) await new Promise((done) => setTimeout(done, 50))
  const again = await dataOf(wallet('send', to, `${amount} attoGRN`, '--yes', '--json'))
  expect(again).toMatchObject({ to, amount: `${amount}`, resumed: true, sent: { height: expect.any(Number) } })
  expect(await balanceOf(to)).toBe(amount)
})

test.each<[string, string, number, string]>([
  ['an address with a letter wrong', '0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed', 2, 'checksum'],
  ['half an address', '0x5aAeb6053F3E94C9b9A09f336694', 2, 'expected an address'],
])('send refuses %s', async (_what, to, code, expected) => {
  await funded()
  const ran = await wallet('send', to, '1', '--yes')
  expect(ran).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(expected) })
})

test.each(['-1', '1,5', '0.0000000000000000001', '1e3', 'all', '0x10'])('%j is no amount', async (amount) => {
  const ran = await wallet('send', somebody(), '--yes', '--', amount)
  expect(ran).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('expected GRN') })
})

test('send refuses nothing, more than there is, and the own address', async () => {
  const from = await funded()
  expect(await wallet('send', somebody(), '0', '--yes')).toMatchObject({ code: 1, stdout: '' })
  expect(await wallet('send', somebody(), '1000000', '--yes')).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('INSUFFICIENT_FUNDS'),
  })
  expect(await wallet('send', from, '1', '--yes')).toMatchObject({ code: 2 })
})

test('balance and faucet, of the own account and of another', async () => {
  const from = await funded()
  const to = somebody()
  expect(await dataOf(wallet('balance', to, '--json'))).toEqual({ address: to, balance: '0', locked: '0' })
  await dataOf(wallet('faucet', to, '--json'))
  expect(await balanceOf(to)).toBeGreaterThan(0n)
  expect((await wallet('balance')).stdout).toContain(formatAddress(from))
  await using other = await serveChain(() => ({ status: { devnet: false } }))
  const ran = await granary(['wallet', 'faucet', to, '--home', home, '--chain', other.url])
  expect(ran).toMatchObject({ code: 2, stderr: expect.stringContaining('no devnet') })
})

test('a key comes in by a pipe that has a name, in parts', async () => {
  const pipe = join(home, 'pipe')
  execFileSync('mkfifo', [pipe])
  const [first, second] = [EXAMPLE_KEY.slice(0, 20), EXAMPLE_KEY.slice(20)]
  const writer = spawn('sh', ['-c', `{ printf ${first}; sleep 0.2; echo ${second}; } > "$0"`, pipe])
  const written = once(writer, 'exit')
  expect(await dataOf(wallet('import', pipe, '--json'))).toMatchObject({ address: EXAMPLE_ADDRESS })
  await written
})

test('a raw key comes in by standard input or a file, and goes out with --raw', async () => {
  const piped = await granary(['wallet', 'import', '-', '--home', home, '--chain', devnet.chain.url], {}, [
    Buffer.from(`0x${EXAMPLE_KEY}\n`),
  ])
  expect(piped).toMatchObject({ code: 0, stdout: expect.stringContaining(formatAddress(EXAMPLE_ADDRESS)) })
  expect(piped.stdout + piped.stderr).not.toContain(EXAMPLE_KEY)
  expect(await wallet('export', '--raw')).toMatchObject({ code: 2, stdout: '' })
  expect((await wallet('export', '--raw', '--yes')).stdout).toBe(`0x${EXAMPLE_KEY}\n`)
  expect((await wallet('import', await secretFile(EXAMPLE_KEY))).stderr).toContain('KEYSTORE_EXISTS')
})

test('a keystore of another wallet comes in with its passphrase, and is kept under the own one', async () => {
  const file = await secretFile(
    await readFile(new URL('../../../../chain/test/keystore-crypto.json', import.meta.url), 'utf8'),
    'other.json',
  )
  const from = await secretFile('test pass\n', 'from')
  const own = await secretFile('my own passphrase\n', 'own')
  const args = ['import', file, '--passphrase-file', own]
  expect(await wallet(...args)).toMatchObject({ code: 2, stderr: expect.stringContaining('--from-passphrase-file') })
  expect(await wallet(...args, '--from-passphrase-file', own)).toMatchObject({ code: 4, stdout: '' })
  expect(await wallet(...args, '--from-passphrase-file', from)).toMatchObject({ code: 0 })
  const path = join(home, 'client', 'keystore.json')
  expect(Buffer.from(await readKey(path, 'my own passphrase')).toString('hex')).toBe(EXAMPLE_KEY)
  expect(JSON.parse(await readFile(path, 'utf8')).crypto.kdfparams.n).toBe(2 ** 15)
})

test.each<[string, string]>([
  ['a word', 'banana'],
  ['one digit too many', `${EXAMPLE_KEY}0`],
  ['zero', '0'.repeat(64)],
  ['the order of the curve', 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141'],
])('%s is no key, and is not repeated', async (_what, text) => {
  const ran = await wallet('import', await secretFile(text))
  expect(ran).toMatchObject({ code: 2, stdout: '' })
  expect(ran.stderr).not.toContain(text)
})

test('a key in the arguments is refused, and its owner is told that others know it now', async () => {
  for (const key of [EXAMPLE_KEY, `0x${EXAMPLE_KEY}`, `0X${EXAMPLE_KEY}`, `${EXAMPLE_KEY}0`]) {
    const ran = await wallet('import', key)
    expect(ran).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('known to others') })
    expect(ran.stderr).not.toContain(EXAMPLE_KEY)
  }
  for (const args of [['balance'], ['send']]) {
    const ran = await wallet(...args, EXAMPLE_KEY, ...(args[0] === 'send' ? ['1'] : []))
    expect(ran).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('private key') })
    expect(ran.stderr).not.toContain(EXAMPLE_KEY)
  }
})

test('at the terminal keys and passphrases are asked for and never shown', async () => {
  await using chain = await serveChain(() => ({ status: { devnet: false } }))
  const at = ['--home', home, '--chain', chain.url]
  const secret = 'correct horse battery'
  const differ = await atTerminal(['wallet', 'new', ...at], [secret, 'something else'])
  expect(differ).toMatchObject({ code: 2, stderr: expect.stringContaining('differ') })
  expect(await atTerminal(['wallet', 'new', ...at], ['short'])).toMatchObject({ code: 2 })
  const imported = await atTerminal(['wallet', 'import', ...at], [EXAMPLE_KEY, secret, secret])
  expect(imported).toMatchObject({ code: 0, stdout: expect.stringContaining(formatAddress(EXAMPLE_ADDRESS)) })
  const exported = await atTerminal(['wallet', 'export', '--raw', ...at], ['y', secret])
  expect(exported).toMatchObject({ code: 0, stdout: `0x${EXAMPLE_KEY}\n` })
  const wrong = await atTerminal(['wallet', 'export', '--raw', ...at], ['y', 'not the passphrase'])
  expect(wrong).toMatchObject({ code: 4, stdout: '' })
  const declined = await atTerminal(['wallet', 'export', ...at], ['no'])
  expect(declined.stdout).toBe('')
  for (const { stderr } of [differ, imported, exported, wrong]) {
    expect(stderr).not.toContain(secret)
    expect(stderr).not.toContain(EXAMPLE_KEY)
  }
})

test('the keystore is exported into a new file that only its owner reads', async () => {
  const address = await funded()
  const output = join(home, 'copy.json')
  expect(await dataOf(wallet('export', '--yes', '-o', output, '--json'))).toEqual({ address, output })
  expect((await stat(output)).mode & 0o777).toBe(0o600)
  expect(await readFile(output)).toEqual(await readFile(join(home, 'client', 'keystore.json')))
  await chmod(output, 0o600)
  expect(await wallet('export', '--yes', '-o', output)).toMatchObject({ code: 2, stdout: '' })
})

test('a session key is authorised within bounds, listed and revoked', async () => {
  await funded()
  const key = toHex(sessionSigner(new Uint8Array(randomBytes(32)), somebody()).publicKey)
  const grant = ['authorize', key, '--scopes', 'PublishDeal,login', '--for', '1h', '--limit', '5']
  expect((await wallet(...grant, '--dry-run')).stdout).toContain('would let')
  expect(await wallet(...grant)).toMatchObject({ stderr: expect.stringContaining('SPENDING_UNCONFIRMED') })
  expect((await wallet('keys')).stdout).toContain('no other key')
  expect((await wallet(...grant, '--yes')).stdout).toContain('up to 5 GRN in all, until')
  expect(await dataOf(wallet('keys', '--json'))).toMatchObject({
    keys: [{ publicKey: key, scopes: ['PublishDeal', 'login'], spendingLimit: `${5n * GRN}`, spent: '0' }],
  })
  expect((await wallet('keys')).stdout).toContain('0 GRN of 5 GRN')
  expect(await wallet('revoke', key)).toMatchObject({ code: 0 })
  expect((await wallet('keys')).stdout).toContain('no other key')
  expect(await wallet('revoke', key)).toMatchObject({ code: 1, stderr: expect.stringContaining('KEY_NOT_FOUND') })
  const unknown = await wallet('authorize', key, '--scopes', 'Everything', '--for', '1h', '--limit', '5', '--yes')
  expect(unknown.stderr).toContain('SCOPE_UNKNOWN')
  for (const missing of ['--scopes', '--for', '--limit']) {
    const at = grant.indexOf(missing)
    expect(await wallet(...grant.toSpliced(at, 2), '--yes')).toMatchObject({ code: 2, stdout: '' })
  }
})
