import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { Command } from 'commander'
import { granary, type Ran } from '../../test/granary.ts'
import { createProgram } from '../create-program.ts'
import { applyConfig } from './apply-config.ts'
import { configKeyNames } from './config-keys.ts'
import { resolveConfig } from './resolve-config.ts'
import { announceNetwork, runningNetworks } from './running-networks.ts'

const gone = (port: number) => `http://127.0.0.1:${port}`
let folder: string
let user: string
let project: string

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'granary-config-')))
  user = join(folder, 'user', 'config.yaml')
  project = join(folder, 'work', 'granary.yaml')
  await mkdir(join(folder, 'user'))
  await mkdir(join(folder, 'work', 'below'), { recursive: true })
  await mkdir(join(folder, 'work', '.git'))
})
afterEach(() => rm(folder, { recursive: true }))

function at(cwd: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const own = { GRANARY_CONFIG: user, GRANARY_HOME: join(folder, 'home'), NO_COLOR: '1', ...env }
  return granary(args, own, [], join(folder, cwd))
}

/** Which chain a command asks: none of them is there, and the error names it. */
async function asked(
  cwd: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { stdout } = await at(cwd, ['deals', '--json', ...args], env)
  const { error } = JSON.parse(stdout)
  return `${error.code} ${/http:\/\/127\.0\.0\.1:\d+/.exec(error.message)?.[0] ?? error.message}`
}

test('a flag comes before the environment, that before the project, that before the user, that before the default', async () => {
  expect(await asked('work')).toBe(`CHAIN_UNREACHABLE ${gone(7460)}`)
  await writeFile(user, `chain: ${gone(1)}\n`)
  expect(await asked('work')).toBe(`CHAIN_UNREACHABLE ${gone(1)}`)
  await writeFile(project, `chain: ${gone(2)}\n`)
  expect(await asked('work')).toBe(`CHAIN_UNREACHABLE ${gone(2)}`)
  expect(await asked('work', [], { GRANARY_CHAIN: gone(3) })).toBe(`CHAIN_UNREACHABLE ${gone(3)}`)
  expect(await asked('work', ['--chain', gone(4)], { GRANARY_CHAIN: gone(3) })).toBe(`CHAIN_UNREACHABLE ${gone(4)}`)
})

test('a variable of the environment that is empty sets nothing', async () => {
  await writeFile(user, `chain: ${gone(1)}\n`)
  expect(await asked('work', [], { GRANARY_CHAIN: '', GRANARY_NETWORK: '', GRANARY_GENESIS: '' })).toBe(
    `CHAIN_UNREACHABLE ${gone(1)}`,
  )
  const { stdout } = await at('work', ['config', 'list', '--json', '--show-origin'], { GRANARY_HOME: '' })
  const { settings } = JSON.parse(stdout).data
  expect(settings).toContainEqual(expect.objectContaining({ key: 'home', origin: null }))
})

test('a genesis counts for the chain that its own file or network names, and no project says whom to believe', async () => {
  const [one, two] = [`0x${'1'.repeat(64)}`, `0x${'2'.repeat(64)}`]
  await writeFile(
    user,
    `chain: ${gone(1)}\ngenesis: "${one}"\nnetworks:\n  lab:\n    chain: ${gone(2)}\n    genesis: "${two}"\n`,
  )
  const genesisOf = async (flags: Readonly<Record<string, string>> = {}) => {
    const env = { GRANARY_CONFIG: user, GRANARY_HOME: join(folder, 'home') }
    const given = { env, cwd: () => join(folder, 'user'), flags: new Map(Object.entries(flags)) }
    return (await resolveConfig(given)).get('genesis')?.value
  }
  expect(await genesisOf()).toBe(one)
  expect(await genesisOf({ network: 'lab' })).toBe(two)
  expect(await genesisOf({ chain: gone(3) })).toBeUndefined()
  expect(await genesisOf({ chain: gone(3), genesis: two })).toBe(two)
  await writeFile(project, `genesis: "${one}"\n`)
  expect(await asked('work')).toContain('"genesis" may only stand in your own file')
})

test('a header that is trusted counts for the chain of its own file or network, as a genesis does', async () => {
  const [one, two] = [`1:0x${'1'.repeat(64)}`, `2:0x${'2'.repeat(64)}`]
  await writeFile(
    user,
    `chain: ${gone(1)}\ntrusted-header: "${one}"\nnetworks:\n  lab:\n    chain: ${gone(2)}\n    trusted-header: "${two}"\n`,
  )
  const headerOf = async (flags: Readonly<Record<string, string>> = {}) => {
    const env = { GRANARY_CONFIG: user, GRANARY_HOME: join(folder, 'home') }
    const given = { env, cwd: () => join(folder, 'user'), flags: new Map(Object.entries(flags)) }
    return (await resolveConfig(given)).get('trusted-header')?.value
  }
  expect(await headerOf()).toBe(one)
  expect(await headerOf({ network: 'lab' })).toBe(two)
  expect(await headerOf({ chain: gone(3) })).toBeUndefined()
  await writeFile(project, `trusted-header: "${one}"\n`)
  expect(await asked('work')).toContain('"trusted-header" may only stand in your own file')
})

test("a project's file counts in the folders of its repository, and nowhere else", async () => {
  await writeFile(project, `chain: ${gone(2)}\n`)
  await writeFile(join(folder, 'granary.yaml'), `chain: ${gone(9)}\n`)
  expect(await asked('work/below')).toBe(`CHAIN_UNREACHABLE ${gone(2)}`)
  expect(await asked('user')).toBe(`CHAIN_UNREACHABLE ${gone(7460)}`)
  expect(await asked('.')).toBe(`CHAIN_UNREACHABLE ${gone(9)}`)
})

test('a network stands for its chain, wherever it is named', async () => {
  await writeFile(
    user,
    `network: main\nchain: ${gone(8)}\nnetworks:\n  main: { chain: "${gone(1)}" }\n  test:\n    chain: ${gone(2)}\n`,
  )
  expect(await asked('user', ['--network', 'test'])).toBe(`CHAIN_UNREACHABLE ${gone(2)}`)
  expect(await asked('user', [], { GRANARY_NETWORK: 'main' })).toBe(`CHAIN_UNREACHABLE ${gone(1)}`)
  // In one place a chain is more exact than a network; a place before it is closer.
  expect(await asked('user')).toBe(`CHAIN_UNREACHABLE ${gone(8)}`)
  expect(await asked('user', ['--network', 'main'], { GRANARY_CHAIN: gone(3) })).toBe(`CHAIN_UNREACHABLE ${gone(1)}`)
  const wrong = await at('user', ['deals', '--network', 'tset'])
  expect(wrong).toMatchObject({ code: 2, stdout: '' })
  expect(wrong.stderr).toContain('there is no network "tset"; did you mean "test"? [NETWORK_UNKNOWN]')
})

test('a devnet that runs is found without a word, and by its name; one that died is not', async () => {
  const env = { GRANARY_HOME: join(folder, 'home') }
  const first = await announceNetwork(env, { chain: gone(5), home: join(folder, 'net') })
  const second = await announceNetwork(env, { chain: gone(6), home: join(folder, 'net2') })
  expect([first.name, second.name]).toEqual(['devnet', 'devnet-2'])
  expect(await asked('work')).toBe(`CHAIN_UNREACHABLE ${gone(5)}`)
  expect(await asked('work', ['--network', 'devnet-2'])).toBe(`CHAIN_UNREACHABLE ${gone(6)}`)
  await writeFile(user, `chain: ${gone(1)}\n`)
  expect(await asked('work')).toBe(`CHAIN_UNREACHABLE ${gone(1)}`)
  await rm(user)

  await first.withdraw()
  await second.withdraw()
  expect(await runningNetworks(env)).toEqual([])
  const dead = execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }).trim()
  const left = { schemaVersion: 1, chain: gone(5), home: folder, pid: Number(dead) }
  await writeFile(join(folder, 'home', 'networks', 'devnet.json'), JSON.stringify(left))
  expect(await asked('work')).toBe(`CHAIN_UNREACHABLE ${gone(7460)}`)
})

test('who finds no chain is told where devnets were looked for, and which of them run', async () => {
  const env = { GRANARY_HOME: join(folder, 'home') }
  const answer = async (...args: string[]) => JSON.parse((await at('work', [...args, '--json'])).stdout)
  const place = `in ${join(folder, 'home', 'networks')} (where GRANARY_HOME says)`
  const none = expect.stringContaining(`no devnet that runs is noted ${place}; start one with`)
  expect(await answer('deals')).toMatchObject({ error: { hint: none } })
  expect((await answer('doctor')).data.findings).toContainEqual(expect.objectContaining({ check: 'chain', fix: none }))
  expect((await at('work', ['deals', '--network', 'x'])).stderr.replaceAll(/\s+/g, ' ')).toContain(`noted ${place}`)

  const first = await announceNetwork(env, { chain: gone(5), home: join(folder, 'net') })
  const second = await announceNetwork(env, { chain: gone(6), home: join(folder, 'net2') })
  await first.withdraw()
  const found = expect.stringContaining(`--network devnet-2 is ${gone(6)}, as noted ${place}`)
  expect(await answer('deals')).toMatchObject({ error: { hint: found } })
  await second.withdraw()
  const elsewhere = await answer('deals', '--chain', 'http://granary.invalid:1')
  expect(elsewhere).toMatchObject({ code: 'CHAIN_UNREACHABLE', error: { hint: expect.not.stringContaining('noted') } })
})

test.each([['money'], ['ask', 'show'], ['ask'], ['sectors', 'list'], ['proving', 'status'], ['volumes', 'list']])(
  'provider %s %s asks the chain of its own home, whatever a file says to clients',
  async (...names) => {
    await writeFile(user, `chain: ${gone(1)}\n`)
    const given = createProgram({ json: true, env: { GRANARY_CONFIG: user } } as never)
    const command = names.reduce<Command>(
      (above, name) => above.commands.find((each) => each.name() === name)!,
      given.commands.find((each) => each.name() === 'provider')!,
    )
    await applyConfig(command, { env: { GRANARY_CONFIG: user }, cwd: () => folder })
    expect(command.opts().chain).toBeUndefined()
  },
)

test('list --show-origin says what sets each, and get what one is', async () => {
  await writeFile(user, `# mine\nduration: 30d\nnetworks:\n  test: { chain: "${gone(2)}", home: test }\n`)
  await writeFile(project, 'network: test\n')
  const { stdout, code } = await at('work', ['config', 'list', '--show-origin'])
  expect(code).toBe(0)
  expect(stdout).toMatch(new RegExp(`^duration +30d +${user}, line 2$`, 'm'))
  expect(stdout).toMatch(new RegExp(`^network +test +${project}, line 1$`, 'm'))
  expect(stdout).toMatch(new RegExp(`^chain +${gone(2)} +network test, ${user}, line 4$`, 'm'))
  expect(stdout).toMatch(/^home +\S+\/home +GRANARY_HOME$/m)
  expect(stdout).toMatch(/^passphrase-file +nothing$/m)
  expect(await at('work', ['config', 'get', 'chain'])).toMatchObject({ code: 0, stdout: `${gone(2)}\n` })
  expect(await at('work', ['config', 'get', 'networks.test.home'])).toMatchObject({
    stdout: `${join(folder, 'user/test')}\n`,
  })
  expect(await at('work', ['config', 'get', 'passphrase-file'])).toMatchObject({ code: 1, stdout: '' })
  expect(await at('work', ['config', 'path'])).toMatchObject({ stdout: `${project}\n${user}\n` })
  const { data } = JSON.parse((await at('work', ['config', 'list', '--json'])).stdout)
  expect(data.settings.map(({ key }: { key: string }) => key)).toEqual(configKeyNames)
})

test('set keeps the comments of a file, and takes no value that does not fit', async () => {
  await writeFile(user, '# where we test\nduration: 30d # long enough\n')
  expect((await at('work', ['config', 'set', 'networks.test.chain', gone(2)])).code).toBe(0)
  expect((await at('work', ['config', 'set', 'duration', '60d'])).code).toBe(0)
  expect(await readFile(user, 'utf8')).toBe(
    `# where we test\nduration: 60d # long enough\nnetworks:\n  test:\n    chain: ${gone(2)}\n`,
  )
  expect((await at('work', ['config', 'set', 'duration'])).code).toBe(0)
  expect(await readFile(user, 'utf8')).not.toContain('duration')
  expect((await at('work', ['config', 'set', 'network', 'test', '--project'])).code).toBe(0)
  expect(await readFile(project, 'utf8')).toBe('network: test\n')
  const before = await readFile(user, 'utf8')
  const wrong = await at('work', ['config', 'set', 'duration', 'long'])
  expect(wrong).toMatchObject({ code: 2, stdout: '' })
  expect(wrong.stderr).toContain('"duration" is "long": expected a number with s, m, h or d')
  expect((await at('work', ['config', 'set', 'home', '/x', '--project'])).stderr).toContain('[SETTINGS_INVALID]')
  expect(await readFile(user, 'utf8')).toBe(before)
})

test.each([
  ['no YAML', 'chain: [\n', 'line 2'],
  ['another key', 'network: x\nchian: y\n', 'line 2: there is no setting "chian"; did you mean "chain"?'],
  ['no address', '\nchain: somewhere\n', 'line 2: "chain" is "somewhere": expected an HTTP address.'],
  ['too many copies', 'copies: 65\n', 'line 1: "copies" is "65": expected a whole number from 1 to 64.'],
  ['gateways of another kind', 'gateway:\n  a: b\n', 'line 1: "gateway" has to have a value, or a list of them'],
  ['a list', '- chain\n', 'line 1: the file has to be a list of `name: value` lines'],
  ['a map for a value', 'chain:\n  url: x\n', 'line 1: "chain" has to have one value'],
  ['a network of another kind', 'networks:\n  test:\n    rpc: x\n', 'line 3: there is no setting "rpc"'],
  ['a setting twice', `chain: ${gone(1)}\nchain: ${gone(2)}\n`, 'line 2'],
])('a file with %s is refused with its line, whatever the command', async (_, text, what) => {
  await writeFile(user, text)
  const ran = await at('user', ['deals'])
  expect(ran).toMatchObject({ code: 2, stdout: '' })
  expect(ran.stderr).toContain(`${user}, ${what}`)
  expect(ran.stderr).toContain('[SETTINGS_INVALID]')
})

test('copies and gateways come from a file as from flags, and a flag is instead of them', async () => {
  const put = 'put f --chain http://127.0.0.1:1'.split(' ')
  const optionsOf = async (words: readonly string[]) => {
    const program = createProgram({ ...process, json: false, setExitCode: () => undefined })
    const command = program.commands.find((each) => each.name() === words[0])!
    command.parseOptions(words.slice(1))
    await applyConfig(command, { env: { GRANARY_CONFIG: user }, cwd: () => folder })
    return command.opts()
  }
  await writeFile(user, `copies: 3\nmax-price: 0.5 GRN\ngateway: [${gone(1)}, ${gone(2)}]\n`)
  expect(await optionsOf(put)).toMatchObject({ copies: 3, maxPrice: 500_000_000_000_000_000n })
  expect(await optionsOf([...put, '--copies', '2', '--max-price', '1'])).toMatchObject({
    copies: 2,
    maxPrice: 10n ** 18n,
  })
  expect(await optionsOf(['get', 'CID'])).toMatchObject({ gateway: [gone(1), gone(2)] })
  expect(await optionsOf(['cat', 'CID', '--gateway', gone(3)])).toMatchObject({ gateway: [gone(3)] })
  await writeFile(user, `gateway: ${gone(4)}\n`)
  expect(await optionsOf(['ls', 'CID'])).toMatchObject({ gateway: [gone(4)] })
})

test('what may be spent unasked is of deals, not of money that is sent; and no project says it', async () => {
  await writeFile(user, 'max-price: 5\n')
  const program = createProgram({ ...process, json: false, setExitCode: () => undefined })
  const set: string[] = []
  for (const command of allOf(program)) {
    if (!command.options.some(({ long }) => long === '--max-price')) continue
    await applyConfig(command, { env: { GRANARY_CONFIG: user }, cwd: () => folder })
    if (command.opts().maxPrice === 5n * 10n ** 18n) set.push(command.name())
  }
  expect(set.sort()).toEqual(['put', 'renew', 'topup'])
  await writeFile(project, 'max-price: 5\n')
  const { code, stderr } = await at('work', ['deals'])
  expect([code, stderr]).toEqual([2, expect.stringContaining('"max-price" may only stand in your own file')])
})

test('several gateways are set as a list', async () => {
  expect((await at('work', ['config', 'set', 'gateway', `${gone(1)} ${gone(2)}`])).code).toBe(0)
  expect(await readFile(user, 'utf8')).toBe(`gateway:\n  - ${gone(1)}\n  - ${gone(2)}\n`)
  const { stdout } = await at('work', ['config', 'list', '--show-origin'])
  expect(stdout).toMatch(new RegExp(`^gateway +${gone(1)} ${gone(2)} +${user}, line 1$`, 'm'))
  const wrong = await at('work', ['config', 'set', 'gateway', `${gone(1)} here`])
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('"gateway" is "here"') })
  expect((await at('work', ['config', 'set', 'gateway', ' '])).code).toBe(2)
})

test('the user and the password of an address are used, and printed by nobody', async () => {
  const gateway = 'https://usher:hushed@gateway.example/'
  const set = await at('work', ['config', 'set', 'gateway', gateway])
  expect(await readFile(user, 'utf8')).toContain(gateway)
  await writeFile(user, `gateway: ${gateway}\nnetworks:\n  test: { chain: "http://usher:hushed@host" }\n`)
  const given = ['deals', '--chain', 'ftp://usher:hushed@host']
  const all = [set]
  for (const args of [['config', 'list'], ['config', 'list', '--json'], ['config', 'get', 'gateway'], given])
    all.push(await at('work', args))
  const mistyped = ['cat', 'bafkqaaa', '--gateway', 'ftp://usher:hushed@host']
  all.push(await at('work', mistyped), await at('work', [...mistyped, '--json']))
  all.push(await at('work', [...given, '--json']), await at('work', ['deals', '--network', 'test']))
  const printed = all.map(({ stdout, stderr }) => stdout + stderr)
  expect(printed.filter((text) => /gateway\.example|host/.test(text))).toHaveLength(all.length)
  expect(printed.filter((text) => /usher|hushed/.test(text))).toEqual([])
})

test("a project's file cannot say where keys are", async () => {
  await writeFile(project, `chain: ${gone(1)}\nhome: /tmp/elsewhere\n`)
  const { code, stderr } = await at('work', ['deals'])
  expect(code).toBe(2)
  expect(stderr).toContain(`${project}, line 2: "home" may only stand in your own file`)
})

test('a setting that nobody knows is not asked for', async () => {
  const { code, stderr } = await at('work', ['config', 'get', 'durations'])
  expect(code).toBe(2)
  expect(stderr).toContain('there is no setting "durations"; did you mean "duration"? [SETTING_UNKNOWN]')
})

test('each setting is the flag of some command, and says what it is for', () => {
  const program = createProgram({ ...process, json: false, setExitCode: () => undefined })
  const flags = new Set(allOf(program).flatMap(({ options }) => options.map(({ long }) => long)))
  expect(configKeyNames.filter((key) => !flags.has(`--${key}`))).toEqual([])
})

function allOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allOf)]
}
