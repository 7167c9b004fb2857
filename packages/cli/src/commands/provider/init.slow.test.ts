/** `provider init` with a chain that runs: asked on a terminal, by options, and by default; a small sector is sealed each time. */
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { temporaryHome } from '../../../../provider/test/market-kit.ts'
import { type Devnet, startDevnet } from '../../../../provider/test/start-devnet.ts'
import { granary } from '../../../test/granary.ts'
import { run } from '../../run.ts'

let root: Awaited<ReturnType<typeof temporaryHome>>
let devnet: Devnet
beforeAll(async () => {
  root = await temporaryHome()
  devnet = await startDevnet(root.home)
})
afterAll(async () => {
  await devnet.stop()
  await root.remove()
})

const OWNER = '0x5b38da6a701c568545dcfcb03fcb875f56beddc4'

async function configOf(home: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(home, 'provider', 'config.json'), 'utf8'))
}

/** Types an answer whenever one is waited for. */
async function onTerminal(args: readonly string[], answers: readonly string[]) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true })
  const said: string[] = []
  const left = [...answers]
  const stderr = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      said.push(String(chunk))
      if (String(chunk).endsWith('] ')) setImmediate(() => stdin.write(`${left.shift() ?? ''}\n`))
      done()
    },
  })
  let stdout = ''
  const code = await run(args, {
    stdin,
    stderr: Object.assign(stderr, { isTTY: true }),
    stdout: new Writable({
      decodeStrings: false,
      write(chunk, _encoding, done) {
        stdout += chunk
        done()
      },
    }),
    env: { GRANARY_HOME: '/nowhere', GRANARY_CONFIG: '/nowhere/config.yaml' },
    cwd: () => '/',
  })
  return { code, stdout, said: said.join(''), left }
}

test('on a terminal it asks, says what is wrong with an answer, and Enter takes what it suggests', async () => {
  const home = join(root.home, 'asked')
  const disk = join(root.home, 'disk')
  await mkdir(disk)
  const answers = [disk, 'much', '5', 'attic', '', 'http://0.0.0.0:7470', 'http://10.0.0.7:7470', OWNER]
  const asked = await onTerminal(['provider', 'init', '--home', home, '--chain', devnet.chain.url], answers)
  expect(asked).toMatchObject({ code: 0, left: [] })
  expect(asked.said).toContain('expected GiB, or a size such as 20GiB, 1.5TiB or 2TB, from 1 GiB')
  expect(asked.said).toContain('all of this machine are none')
  expect(asked.said).toContain('0.001 GRN: nobody asks for anything yet')
  expect(await configOf(home)).toMatchObject({
    ...{ region: 'attic', capacityBytes: 5 * 1024 ** 3, publicUrl: 'http://10.0.0.7:7470', owner: OWNER },
    ask: { pricePerGiBEpoch: '1000000000000000' },
    volumes: [{ path: disk, roles: ['sealing', 'replicas', 'unsealed'] }],
  })
  expect((await readdir(disk)).toSorted()).toEqual(['pieces', 'sectors', 'volume.json'])
  // The owner's key is elsewhere: none is made, and it is said who has to sign.
  expect(await readdir(join(home, 'provider'))).not.toContain('keystore.json')
  expect(asked.stdout).toContain(`granary provider register --home ${home} --owner-key FILE`)
}, 60_000)

test('options are the same answers, nobody is asked, and a second one overwrites nothing', async () => {
  const home = join(root.home, 'given')
  const args = ['provider', 'init', '--home', home, '--chain', devnet.chain.url, '--json']
  const given = ['--price', '0.5', '--region', 'cellar', '--capacity', '7', '--owner', OWNER, '--yes']
  const { code, stdout } = await granary([...args, ...given, '--public-url', 'https://attic.example'])
  expect(code).toBe(0)
  const { data, actions } = JSON.parse(stdout)
  expect(data).toMatchObject({ profile: '8MiB-dev', pricePerGiBEpoch: '500000000000000000', chain: { answers: true } })
  expect(data.measured.labelNs).toBeGreaterThan(10)
  expect(data.measured.diskBytesPerSecond).toBeGreaterThan(0)
  expect(actions[0].cmd).toContain(`granary provider run --home ${home}`)
  expect(await configOf(home)).toMatchObject({
    ...{ region: 'cellar', capacityBytes: 7 * 1024 ** 3, owner: OWNER, publicUrl: 'https://attic.example' },
  })
  expect((await stat(join(home, 'provider', 'config.json'))).mode & 0o777).toBe(0o600)
  expect((await readdir(join(home, 'provider'))).filter((name) => name.startsWith('.speed'))).toEqual([])

  const before = await readFile(join(home, 'provider', 'config.json'), 'utf8')
  const again = await granary(args)
  expect(JSON.parse(again.stdout).error.code).toBe('HOME_EXISTS')
  expect(await readFile(join(home, 'provider', 'config.json'), 'utf8')).toBe(before)
}, 60_000)

test('a disk that cannot be used leaves no configuration, so that the same command is given again', async () => {
  const home = join(root.home, 'full')
  const args = ['provider', 'init', '--home', home, '--chain', devnet.chain.url, '--json', '--disks', root.home]
  const { stdout } = await granary(args)
  expect(JSON.parse(stdout).error.code).toBe('VOLUME_REFUSED')
  expect(await readdir(join(home, 'provider'))).not.toContain('config.json')
}, 60_000)

test('before there is a chain it needs a passphrase, and takes the smallest sectors of production', async () => {
  const home = join(root.home, 'early')
  const args = ['provider', 'init', '--home', home, '--chain', 'http://127.0.0.1:1', '--json']
  expect(JSON.parse((await granary(args)).stdout).error.code).toBe('PASSPHRASE_MISSING')
  const file = join(root.home, 'passphrase')
  await writeFile(file, 'correct horse battery', { mode: 0o600 })
  const { stdout } = await granary([...args, '--passphrase-file', file])
  expect(JSON.parse(stdout).data).toMatchObject({ profile: '4GiB', chain: { answers: false } })
}, 60_000)
