import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect, test } from '@jest/globals'
import type { Command } from 'commander'
import { bin, granary, spawnGranary } from '../test/granary.ts'
import { createProgram } from './create-program.ts'
import { OTHER_NAMES } from './other-names.ts'

const unreachable = 'http://127.0.0.1:1'
const cid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'

const commands = [
  'put',
  'get',
  'ls',
  'cat',
  'deals',
  'status',
  'devnet',
  'demo',
  'chain init',
  'chain run',
  'chain export',
  'chain import',
  'chain replay',
  'chain verify',
  'chain prune',
  'provider init',
  'provider run',
  'provider rebuild',
]

test('--help names every command, and each command has its own with the exit codes', async () => {
  const all = await granary(['--help'])
  expect(all).toMatchObject({ code: 0, stderr: '' })
  for (const command of commands) expect(all.stdout).toContain(command.split(' ')[0])
  const helps = await Promise.all(commands.map((command) => granary([...command.split(' '), '--help'])))
  for (const { code, stdout } of helps) {
    expect(code).toBe(0)
    expect(stdout).toContain('Exit codes:')
  }
})

test.each([
  ['no command', []],
  ['an unknown command', ['store']],
  ['an unknown option', ['put', 'f', '--fast']],
  ['a missing argument', ['put']],
  ['a range that ends before it begins', ['get', cid, '--range', '9-3']],
  ['a gateway that is no address', ['cat', cid, '--gateway', 'somewhere']],
  ['a range of a CAR', ['get', cid, '--range', '0-3', '--car']],
  ['a duration without a unit', ['put', 'f', '--duration', '30']],
  ['a provider that is no number', ['put', 'f', '--provider', 'me']],
  ['a port above 65535', ['chain', 'run', '--port', '65536']],
  ['a chain that is no devnet and has no money', ['chain', 'init']],
  ['a devnet with accounts', ['chain', 'init', '--devnet', '--account', `0x${'11'.repeat(20)}:1`]],
  ['an account without an amount', ['chain', 'init', '--account', `0x${'11'.repeat(20)}`]],
  ['another supply than the accounts have', ['chain', 'init', '--supply', '2', '--account', `0x${'11'.repeat(20)}:1`]],
  ['a relay that is no address', ['chain', 'run', '--beacon', 'drand']],
  ['no requests at all', ['chain', 'run', '--rate-limit', '0']],
  ['a genesis hash that is none', ['chain', 'import', 'f', '--genesis-hash', '0x00']],
  ['a prune that says nothing', ['chain', 'prune']],
  ['too many providers', ['devnet', '--providers', '1000']],
  ['a form of progress that there is not', ['put', 'f', '--progress', 'xml']],
  ['a profile of CIDs that there is not', ['put', 'f', '--cid-profile', 'xml']],
  ['a way with links that there is not', ['put', 'f', '--links', 'cut']],
  ['standard input to be wrapped without a name', ['put', '-', '--wrap']],
  ['a name of standard input for a file', ['put', 'f', '--stdin-name', 'n']],
  ['a chain that is no address', ['status', cid, '--chain', 'somewhere']],
])('%s is a usage error: exit code 2, a word on standard error, nothing on standard output', async (_name, args) => {
  const ran = await granary(args)
  expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 2, stdout: '' })
  expect(ran.stderr).not.toBe('')
})

test.each([
  [['gte', cid], "error: unknown command 'gte'\n(Did you mean get?)"],
  [['chain', 'exprot'], "error: unknown command 'exprot'\n(Did you mean export?)"],
  [['put', 'f', '--labell', 'x'], "error: unknown option '--labell'\n(Did you mean --label?)"],
  [['upload', 'f'], "error: unknown command 'upload'\n(Did you mean put?)"],
  [['store', 'f'], "error: unknown command 'store'\n(Did you mean put?)"],
  [['balance'], "error: unknown command 'balance'\n(Did you mean wallet balance?)"],
  [['chain', 'upload'], "error: unknown command 'upload'\n(add --help"],
  [['constructor'], "error: unknown command 'constructor'\n(add --help"],
])('%j is no command: it is said what may have been meant', async (args, words) => {
  const { code, stderr } = await granary(args)
  expect(code).toBe(2)
  expect(stderr).toContain(words)
})

test('what other programs call a command is one of this program', () => {
  const program = createProgram({ ...process, json: false, setExitCode: () => undefined })
  for (const [name, meant] of Object.entries(OTHER_NAMES)) {
    expect(program.commands.map((each) => each.name())).not.toContain(name)
    const found = meant
      .split(' ')
      .reduce<Command | undefined>((at, word) => at?.commands.find((each) => each.name() === word), program)
    expect([meant, found === undefined]).toEqual([meant, false])
  }
})

test('help COMMAND is COMMAND --help, also below another', async () => {
  const pairs = [
    [
      ['help', 'put'],
      ['put', '--help'],
    ],
    [
      ['chain', 'help', 'run'],
      ['chain', 'run', '--help'],
    ],
  ]
  for (const [first = [], second = []] of pairs) expect(await granary(first)).toEqual(await granary(second))
  const { data, error } = JSON.parse((await granary(['upload', 'f', '--json'])).stdout)
  expect([data, error.message]).toEqual([null, "unknown command 'upload'\n(Did you mean put?)"])
})

test('with --json a usage error is a document too', async () => {
  const { code, stdout } = await granary(['put', '--json'])
  expect(code).toBe(2)
  const document = JSON.parse(stdout)
  expect(document).toMatchObject({ schemaVersion: 1, ok: false, code: 'USAGE', data: null })
  expect(document.error.message).toBe("missing required argument 'path'")
})

test.each([
  ['a file that is not there', ['put', '/nowhere/file', '--chain', unreachable], 1, 'FILE_NOT_FOUND', '/nowhere/file'],
  ['a chain that is not there, for put', ['put', process.execPath], 5, 'CHAIN_UNREACHABLE', unreachable],
  ['a chain that is not there, for deals', ['deals'], 5, 'CHAIN_UNREACHABLE', unreachable],
  ['a chain that is not there, for status', ['status', cid], 5, 'CHAIN_UNREACHABLE', unreachable],
  ['a chain folder that is not there', ['chain', 'run', '--home', '/nowhere/h'], 1, 'HOME_MISSING', '/nowhere/h'],
  ['a chain without blocks, to verify', ['chain', 'verify', '--home', '/nowhere/h'], 1, 'HOME_MISSING', '/nowhere/h'],
  ['a snapshot of no chain', ['chain', 'import', 'f', '--home', '/nowhere/h'], 1, 'GENESIS_UNKNOWN', '/nowhere/h'],
])('%s: the code, the value, a hint and the exit code', async (_name, args, exit, code, value) => {
  const [words, json] = await Promise.all([
    granary(args, { GRANARY_CHAIN: unreachable, NO_COLOR: '1' }),
    granary([...args, '--json'], { GRANARY_CHAIN: unreachable }),
  ])
  expect({ code: words.code, stdout: words.stdout }).toEqual({ code: exit, stdout: '' })
  expect(words.stderr).toContain(`[${code}]`)
  expect(words.stderr).toContain(value)
  expect(words.stderr).not.toContain('\u001b')
  expect(json.code).toBe(exit)
  const { ok, error, data } = JSON.parse(json.stdout)
  expect({ ok, code: error.code, data }).toEqual({ ok: false, code, data: null })
  expect(error.hint.length).toBeGreaterThan(10)
})

test('a chain for production starts with the accounts that were named, and all of their money', async () => {
  const home = await mkdtemp(join(tmpdir(), 'granary-init-'))
  const [first, second] = ['11', '22'].map((byte) => `0x${byte.repeat(20)}`)
  const accounts = ['--account', `${first}:1000.5`, '--account', `${second}:1`]
  const made = await granary(['chain', 'init', '--home', home, ...accounts, '--supply', '1001.5 GRN', '--json'])
  expect(made).toMatchObject({ code: 0, stderr: '' })
  const { data } = JSON.parse(made.stdout)
  const genesis = JSON.parse(await readFile(data.files.at(-1), 'utf8'))
  await rm(home, { recursive: true })
  expect(genesis).toMatchObject({
    devnet: false,
    accounts: [
      { address: first, balance: '1000500000000000000000' },
      { address: second, balance: '1000000000000000000' },
    ],
  })
})

test('help loads what it prints, and nothing of what the commands do', async () => {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url))
  const hook = `import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
    process.on('exit', () => console.error(loaded.join('\\n')))`
  const flags = ['--conditions=@granary/source', '--import', `data:text/javascript,${encodeURIComponent(hook)}`]
  const child = spawn(process.execPath, [...flags, main, '--help'], { stdio: ['ignore', 'ignore', 'pipe'] })
  const loaded = (await text(child.stderr!)).split('\n')
  expect(loaded).toContain(pathToFileURL(main).href)
  const heavy =
    /\/packages\/(chain|client|provider|sim|content|proofs\/src\/(?!spec\/(profile|bytes)))|noble.*curves|\/zod\/|log-update/
  expect(loaded.filter((url) => heavy.test(url))).toEqual([])
})

test('a Node that is too old is told so, in words', async () => {
  const hook = `import { registerHooks } from 'node:module'
    Object.defineProperty(process.versions, 'node', { value: '20.20.2' })
    const old = { url: 'data:text/javascript,', shortCircuit: true }
    registerHooks({ resolve: (name, context, next) => (name === 'node:module' ? old : next(name, context)) })`
  const flags = ['--import', `data:text/javascript,${encodeURIComponent(hook)}`]
  const child = spawn(process.execPath, [...flags, bin, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'close')])
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(/^granary needs Node 24 or newer/)
})

test('as a process it prints where it should, and ends with the code', async () => {
  const [help, usage] = await Promise.all([spawnGranary(['--help']), spawnGranary(['store'])])
  expect(help).toEqual({ code: 0, stdout: (await granary(['--help'])).stdout, stderr: '' })
  expect(usage).toEqual({ code: 2, stdout: '', stderr: (await granary(['store'])).stderr })
})

test('a flag comes before the environment, and that before the default', async () => {
  const asked = async (args: readonly string[], env?: Readonly<Record<string, string>>) =>
    (await granary(['deals', ...args], env)).stderr
  expect(await asked(['--chain', 'http://127.0.0.1:2'], { GRANARY_CHAIN: unreachable })).toContain('http://127.0.0.1:2')
  expect(await asked([], { GRANARY_CHAIN: unreachable })).toContain(unreachable)
  expect((await granary(['deals', '--help'])).stdout).toMatch(
    /address of a chain node\s+\(env:\s+GRANARY_CHAIN\)\s+\(default:\s+"http:\/\/127\.0\.0\.1:7460"\)/,
  )
})

test('a result that cannot be written is a failure, in words', async () => {
  const full = await open('/dev/full', 'w')
  const child = spawn(process.execPath, [bin, '--version'], { stdio: ['ignore', full.fd, 'pipe'] })
  const [stderr, [code]] = await Promise.all([text(child.stderr!), once(child, 'close')])
  await full.close()
  expect(code).toBe(1)
  expect(stderr).toContain('[ENOSPC]')
  expect(stderr).not.toContain('    at ')
})
