/** The examples of the SDK, run as they stand. */
import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { repository } from './harness.ts'
import { fileOf, type Market, startMarket } from './story.ts'

const run = promisify(execFile)
const folder = join(repository, 'packages/client/examples')
const FLAGS = ['--conditions=@granary/source', '--disable-warning=ExperimentalWarning']

let market: Market
beforeAll(async () => {
  market = await startMarket()
  const { bench, chain } = market
  await bench.startProvider({ chainUrl: chain.url, args: ['--home', join(bench.home, 'b')] })
}, 120_000)
afterAll(() => market?.bench.close())

async function example(name: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [...FLAGS, join(folder, name), market.chain.url, ...args], {
    cwd: market.bench.home,
    encoding: 'buffer',
  })
  return stdout.toString('latin1')
}

test('each example does what it says', async () => {
  const file = fileOf(market.bench, 'report.pdf', 300_000)
  const path = (await example('store-a-file.ts', file, join(market.bench.home, 'sdk'))).trim()
  const [cid = '', name] = path.split('/')
  expect([cid.slice(0, 3), name]).toEqual(['baf', 'report.pdf'])
  expect(await example('read-a-part.ts', path, '5000')).toBe(readFileSync(file).subarray(0, 5_000).toString('latin1'))
  expect(await example('see-what-is-proven.ts', cid)).toMatch(/^provider \d+: active, \d+ epochs proven\n$/)

  const notes = join(market.bench.home, 'notes')
  mkdirSync(notes)
  for (const name of ['a.txt', 'b.txt']) writeFileSync(join(notes, name), `the words of ${name}`)
  const back = join(market.bench.home, 'back')
  expect((await example('copies-of-a-folder.ts', notes, back)).trim()).toMatch(/^baf\w+ (1000 1001|1001 1000)$/)
  for (const name of ['a.txt', 'b.txt']) expect(readFileSync(join(back, name), 'utf8')).toBe(`the words of ${name}`)
  const names = ['copies-of-a-folder.ts', 'read-a-part.ts', 'see-what-is-proven.ts', 'store-a-file.ts']
  expect(readdirSync(folder).sort()).toEqual(names)
}, 120_000)
