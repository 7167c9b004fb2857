/** A devnet in which something breaks: one of its providers, or the room on its disk. */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createWorkbench, type Workbench } from './harness.ts'

const TIMEOUT_MS = 240_000
let bench: Workbench
beforeAll(() => {
  bench = createWorkbench()
})
afterAll(() => bench.close())

/** Of the program whose command line has that argument. */
function pidOf(argument: string): number {
  const found = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .find((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(argument)
      } catch {
        return false
      }
    })
  if (found === undefined) throw new Error(`no program has ${argument}`)
  return Number(found)
}

test(
  'kill -9 of one provider is said, and the devnet goes on with the others',
  async () => {
    const home = join(bench.home, 'three')
    const devnet = bench.start(['devnet', '--providers', '3', '--home', home, '--json'])
    const [line] = await devnet.line(/^\{"event":"ready".*\}$/)
    const { url, providers } = JSON.parse(line) as { url: string; providers: string[] }
    process.kill(pidOf(join(home, 'providers', '2')), 'SIGKILL')
    await devnet.line(/provider 2 .*killed by SIGKILL; the others go on/)
    for (const left of [`${url}/v1/status`, `${providers[0]}/healthz`, `${providers[2]}/healthz`])
      expect((await fetch(left)).status).toBe(200)
    await expect(fetch(`${providers[1]}/healthz`)).rejects.toThrow()
    expect((await devnet.stop()).code).toBe(0)
  },
  TIMEOUT_MS,
)

test(
  'a devnet without providers says how to set one up, and not to put a file that nobody would store',
  async () => {
    const devnet = bench.start(['devnet', '--providers', '0'])
    await devnet.line(/granary provider init --chain http:/)
    expect((await devnet.stop()).code).toBe(0)
  },
  TIMEOUT_MS,
)

test(
  'another terminal finds a devnet without a word, and by its name, as long as it runs; its providers have the size asked for',
  async () => {
    const devnet = bench.start(['devnet', '--providers', '2', '--profile', '2KiB-test'])
    const [, hint = ''] = await devnet.line(/granary (put FILE.*)$/)
    // With a home of its own, as here, other terminals may look elsewhere: so the address is told.
    expect(hint).toMatch(/^put FILE --chain http:/)
    const chain = hint.split(' ').at(-1)!
    const { items } = (await (await fetch(`${chain}/v1/providers`)).json()) as {
      items: { ask: { profiles: string[] } }[]
    }
    expect(items.map(({ ask }) => ask.profiles)).toEqual([['2KiB-test'], ['2KiB-test']])

    const got = await bench.run(['config', 'get', 'chain'])
    expect(got).toMatchObject({ code: 0, stdout: `${chain}\n` })
    for (const words of [[], ['--network', 'devnet']]) {
      const deals = await bench.run(['deals', '--json', ...words])
      expect(deals.code).toBe(0)
      expect(JSON.parse(deals.stdout)).toMatchObject({ ok: true, data: { deals: [] } })
    }
    expect((await devnet.stop()).code).toBe(0)
    expect(readdirSync(join(bench.home, 'networks'))).toEqual([])
    expect((await bench.run(['deals', '--network', 'devnet'])).stderr).toContain('[NETWORK_UNKNOWN]')
  },
  TIMEOUT_MS,
)

test(
  'Ctrl-C in the demo says which deal it was, and leaves nothing behind',
  async () => {
    const temporary = join(bench.home, 'temporary')
    mkdirSync(temporary)
    const demo = bench.start(['demo'], { TMPDIR: temporary })
    const [, deal] = await demo.line(/ deal +(\d+), in block /)
    demo.process.kill('SIGINT')
    const { code, stderr } = await demo.finished
    expect(code).toBe(130)
    expect(stderr).toMatch(new RegExp(`deal ${deal} is (published|active)`))
    expect(stderr).toContain('begins anew')
    expect(readdirSync(temporary)).toEqual([])
  },
  TIMEOUT_MS,
)

const vanishes = 'a demo whose terminal vanishes leaves nothing behind'
const hasScript = spawnSync('script', ['--version']).stdout?.includes('util-linux') === true
const atTerminal = hasScript ? test : test.skip
atTerminal(
  hasScript ? vanishes : `${vanishes}: there is no script of util-linux here that makes a terminal`,
  async () => {
    const temporary = join(bench.home, 'vanished')
    mkdirSync(temporary)
    // What is written after its end fails with EIO, and SIGHUP comes by the system.
    const terminal = ['sh', '-c', 'exec script -qefc "$*" /dev/null', 'sh']
    const demo = bench.start(['demo'], { TMPDIR: temporary }, terminal)
    await demo.line(/ provider 1 /)
    expect(readdirSync(temporary)).toHaveLength(1)
    await demo.kill9()
    while (readdirSync(temporary).length > 0) await wait(100)
  },
  TIMEOUT_MS,
)

test(
  'the demo stores a file that no sector holds in several pieces, and has the same bytes back',
  async () => {
    const file = join(bench.home, 'large')
    writeFileSync(file, randomBytes(9 << 20))
    const { code, stdout } = await bench.start(['demo', file, '--exit']).finished
    expect(stdout).toMatch(/in 2 pieces|2 deals for 2 pieces/)
    expect(stdout).toMatch(/paid so far .* \(\d+ epochs\) that are proven/)
    expect(stdout).toContain(`every byte as in ${file}`)
    expect(code).toBe(0)
  },
  TIMEOUT_MS,
)

const fullDisk = 'a disk of %i KiB that is full when a devnet starts is named'
const unshare = ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c']
const mountable = spawnSync('unshare', [...unshare.slice(1), 'mount -t tmpfs tmpfs /mnt']).status === 0
const onOwnDisk = mountable ? test.each : test.skip.each
// Full at its first file, in the chain's database, and in the provider's.
onOwnDisk([16, 300, 500])(
  mountable ? fullDisk : `${fullDisk}: unshare is not allowed to mount a disk here`,
  async (kib) => {
    const disk = join(bench.home, `disk-${kib}`)
    mkdirSync(disk)
    const mount = `mount -t tmpfs -o size=${kib}k tmpfs ${disk} && exec "$@"`
    const devnet = bench.start(['devnet', '--home', join(disk, 'home')], {}, [...unshare, mount, 'sh'])
    const { code, stderr } = await devnet.finished
    expect(code).toBe(1)
    expect(stderr).toMatch(/the disk of \S+disk-\d+\/home is full/)
    expect(stderr).toContain('[DISK_FULL]')
    expect(existsSync(join(disk, 'home'))).toBe(false)
  },
  TIMEOUT_MS,
)
