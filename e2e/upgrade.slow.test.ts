/** An upgrade at a height: a program without its rules ends in front of it, at each start again, and one with them goes on. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createChainClient } from '@granary/protocol/client'
import { afterAll, expect, test } from '@jest/globals'
import { initVotedUpgrade } from '../packages/chain/test/voted-upgrade.ts'
import { createWorkbench } from './harness.ts'
import { eventually } from './kept-provider.ts'

const bench = createWorkbench()
afterAll(() => bench.close())

const NEWER = fileURLToPath(new URL('../packages/chain/test/run-node.ts', import.meta.url))

test('an old program ends in front of the height, a restart says the same, and a newer one goes on', async () => {
  const height = await initVotedUpgrade(bench.home, 3)
  const old = ['chain', 'run', '--home', bench.home, '--port', '0']
  const running = bench.start([...old, '--json'])
  const { code, stderr } = await running.finished
  expect([code, stderr]).toEqual([6, expect.stringContaining(`"type":"upgrade:planned","height":${height}`)])
  expect(stderr).toContain('"type":"upgrade:required"')

  const again = await bench.run(old)
  expect(again.code).toBe(6)
  expect(again.stderr).toContain(`block ${height} needs rules 2, this program knows them up to 1`)
  expect(again.stderr).toContain('[UPGRADE_REQUIRED]')
  expect(again.stderr).toContain('granary 2')
  expect(again.stdout).toBe('')

  const flags = ['--conditions=@granary/source', '--disable-warning=ExperimentalWarning']
  const newer = spawn(process.execPath, [...flags, NEWER, bench.home, '{}', '2'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const [url] = await once(createInterface({ input: newer.stdout }), 'line')
    const chain = createChainClient({ url: String(url) })
    // What it goes on from is the block before the height: nothing of that was kept.
    await eventually('it makes the block', 20_000, async () => (await chain.status()).height > height)
    expect(await chain.block(height)).toMatchObject({ height })
  } finally {
    newer.kill('SIGTERM')
  }
}, 60_000)
