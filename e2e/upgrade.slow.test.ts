/** An upgrade at a height: a program without its rules ends in front of it, at each start again, and one with them goes on. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, expect, test } from '@jest/globals'
import { initVotedUpgrade } from '../packages/chain/test/voted-upgrade.ts'
import { startNetwork } from './comet.ts'
import { BUILD_MS_MAX, COMETBFT, goProgram } from './go-program.ts'
import { createWorkbench } from './harness.ts'
import { eventually } from './kept-provider.ts'
import { type NewerNode, startNewer } from './newer-program.ts'
import { succeeded } from './story.ts'
import { withComet } from './with-comet.ts'

const TEST_MS_MAX = 300_000
const NEW_RULES = 2
const VALIDATORS = [0, 1, 2, 3]
/** A vote of a devnet and its delay take 25 s, 50 blocks; and some to say it in. */
const BLOCKS_AHEAD = 90
/** Ten blocks' time. */
const STANDS_MS = 5_000

const bench = createWorkbench()
const newer: NewerNode[] = []
afterEach(async () => void (await Promise.all(newer.splice(0).map((each) => each.stop()))))
afterAll(() => bench.close())

async function goesOn(node: NewerNode, height: number): Promise<void> {
  await eventually(`block ${height} is behind it`, 100_000, async () => (await node.client.status()).height > height)
}

test(
  'one validator: an old program ends in front of the height, a restart says the same, a newer one goes on',
  async () => {
    const home = join(bench.home, 'one')
    const height = await initVotedUpgrade(home, 3)
    const old = ['chain', 'run', '--home', home, '--port', '0']
    const { code, stderr } = await bench.start([...old, '--json']).finished
    expect([code, stderr]).toEqual([6, expect.stringContaining(`"type":"upgrade:planned","height":${height}`)])
    expect(stderr).toContain('"type":"upgrade:required"')

    const again = await bench.run(old)
    expect([again.code, again.stdout]).toEqual([6, ''])
    expect(again.stderr).toContain(`block ${height} needs rules 2, this program knows them up to 1`)
    expect(again.stderr).toContain('[UPGRADE_REQUIRED]')
    expect(again.stderr).toContain('granary 2')

    newer.push(await startNewer(home, NEW_RULES))
    await goesOn(newer[0]!, height)
  },
  TEST_MS_MAX,
)

withComet(
  'four validators vote for it; who is not upgraded ends, and the chain goes on when they are',
  async () => {
    const network = await startNetwork(bench)
    const homes = VALIDATORS.map((index) => join(bench.home, 'network', `node${index + 1}`))
    const [first, , , last] = network.validators
    const passphrase = join(bench.home, 'passphrase')
    writeFileSync(passphrase, 'for tests only', { mode: 0o600 })
    const own = ['--home', join(bench.home, 'operator'), '--passphrase-file', passphrase, '--chain', first!.url]
    const run = async (...args: readonly string[]) => succeeded(await bench.run([...args, ...own, '--json']))
    await run('wallet', 'import', join(homes[0]!, 'chain', 'faucet.key'))
    const height = (await first!.client.status()).height + BLOCKS_AHEAD
    const wish = ['--title', 'new rules', '--upgrade-at', `${height}`, '--release', 'granary 2', '--yes']
    await run('chain', 'proposal', 'submit', ...wish)
    await run('chain', 'proposal', 'vote', '1', 'yes', '--yes')

    // Whoever is early makes the same blocks as the others up to the height.
    await last!.stop()
    const cometbft = [goProgram(COMETBFT)]
    newer.push(await startNewer(homes[3]!, NEW_RULES, cometbft))
    const others = network.validators.slice(0, 3)
    const ends = await Promise.all(others.map((each) => each.ended()))
    expect(ends.map(({ code }) => code)).toEqual([6, 6, 6])
    for (const { stderr } of ends) expect(stderr).toContain('"type":"upgrade:required"')
    await sleep(STANDS_MS)
    expect((await newer[0]!.client.status()).height).toBe(height - 1)

    for (const home of homes.slice(0, 3)) newer.push(await startNewer(home, NEW_RULES, cometbft))
    for (const node of newer) await goesOn(node, height)
    const blocks = await Promise.all(newer.map(({ client }) => client.block(height)))
    expect(new Set(blocks.map(({ hash }) => hash)).size).toBe(1)
  },
  BUILD_MS_MAX,
)
