/** The main screens as they look on a narrow terminal and on a wide one: a change of them is seen where it is made. */
import { globSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKey } from '@granary/chain/keystore'
import type { DealView } from '@granary/protocol/client'
import { addressOf, dealTermsToJson } from '@granary/protocol/messages'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Command } from 'commander'
import { someTerms } from '../../../client/test/a-deal.ts'
import { genesisHash, providerView, serveChain } from '../../../client/test/chain-answers.ts'
import { serve } from '../../../client/test/serve.ts'
import { granary, type Ran } from '../../test/granary.ts'
import { wideLines } from '../../test/wide-lines.ts'
import { createProgram } from '../create-program.ts'

let home: string
let deal: DealView

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'granary-screens-'))
  const key = await createKey(join(home, 'client', 'keystore.json'), 'correct horse', { light: true })
  const money = { locked: '1234567890123456789', paid: '0', burnt: '0', refunded: '0', compensated: '0', earned: '347' }
  const epochs = { publishedAt: 1, lapsesAt: 2, provenEpochs: 40, faultedEpochs: 0, settledThrough: 90 }
  deal = {
    id: 5,
    agreementId: genesisHash,
    terms: dealTermsToJson(someTerms({ client: addressOf(key) })),
    state: 'active',
    ...money,
    ...epochs,
  }
})
afterAll(() => rm(home, { recursive: true }))

async function screen(args: readonly string[], columns: number): Promise<Ran> {
  await using provider = await serve((_, response) => response.end('{}'))
  const providers = [7, 1000].map((id) => providerView(id, provider.url))
  await using chain = await serveChain(() => ({
    status: { timeMs: Date.now(), devnet: false },
    deals: [deal],
    providers,
  }))
  const env = { COLUMNS: `${columns}`, GRANARY_CHAIN: chain.url, GRANARY_HOME: home, NO_COLOR: '1' }
  return await granary(args, env)
}

const screens = [['deals'], ['providers', '--why'], ['config', 'list'], ['config', 'list', '--show-origin'], ['doctor']]

test.each(screens.flatMap((args) => [60, 200].map((columns) => [args.join(' '), columns] as const)))(
  'granary %s fits into %i columns',
  async (line, columns) => {
    const { stdout } = await screen(line.split(' '), columns)
    expect(wideLines(stdout, columns)).toEqual([])
    expect(stdout.split('\n').length).toBeGreaterThan(2)
  },
)

test.each([60, 200])('the help of every command fits into %i columns', async (columns) => {
  const program = createProgram({ ...process, json: false, setExitCode: () => undefined })
  const wide = await Promise.all(
    pathsOf(program).map(async (path) => {
      const { stdout } = await granary([...path, '--help'], { COLUMNS: `${columns}` })
      return stdout.split('\n').filter((line) => line.length > columns)
    }),
  )
  expect(wide.length).toBeGreaterThan(80)
  expect(wide.flat()).toEqual([])
})

function pathsOf(command: Command, path: readonly string[] = []): (readonly string[])[] {
  return [path, ...command.commands.flatMap((below) => pathsOf(below, [...path, below.name()]))]
}

test.each([
  ['no such file', ['put', '/nowhere/file']],
  ['no chain', ['deals', '--chain', 'http://127.0.0.1:1']],
  ['a setting that nobody knows', ['config', 'get', 'durations']],
  ['a wrong value', ['put', 'f', '--duration', 'for as long as anybody can think of']],
  ['a wrong command', ['provider', 'sectors', 'terminato']],
])('what is said of a mistake fits into 60 columns: %s', async (_, args) => {
  const { stderr } = await screen(args, 60)
  expect(stderr).not.toBe('')
  expect(wideLines(stderr, 60)).toEqual([])
})

/**
 * A result goes through `printResult`, a failure through `printFailure`, what is done through `createProgress`: they break
 * the lines. Who writes by itself has one short line, a document, or what must not be broken.
 */
const WRITERS = [
  'commands/completion.ts',
  'commands/devnet.ts',
  'commands/provider/leaving.ts',
  'commands/put.ts',
  'commands/tools/bench-chain.ts',
  'commands/tools/bench-client.ts',
  'commands/tools/bench-provider.ts',
  'commands/tools/bench.ts',
  'commands/tools/print-verdict.ts',
  'commands/tools/seal-teller.ts',
  'commands/tools/sim.ts',
  'create-program.ts',
  'devnet/run-demo.ts',
  'print/ask.ts',
  'print/failure.ts',
  'print/log.ts',
  'print/progress.ts',
  'print/result.ts',
  'provider-init/ask-answers.ts',
  'run-daemon.ts',
]

test('nobody prints past what breaks the lines', () => {
  const src = new URL('../', import.meta.url).pathname
  const writers = globSync('**/*.ts', { cwd: src, exclude: ['**/*.test.ts'] }).filter((path) =>
    /\b(stdout|stderr|stream)\.write\(|console\./.test(readFileSync(join(src, path), 'utf8')),
  )
  expect(writers.sort()).toEqual(WRITERS)
})
