import { afterAll, test } from '@jest/globals'
import { changeParams } from './change-params.ts'
import { createWorkbench } from './harness.ts'
import { ORDER_BLOCK_MS, ORDER_PARAMS, tellStandingOrder } from './standing-order.ts'
import { succeeded } from './story.ts'

const bench = createWorkbench()
afterAll(() => bench.close())

test('a deal with a standing order outlives its first end, and is paid for by proven epochs alone', async () => {
  const blockTime = ['--block-time', `${ORDER_BLOCK_MS}`]
  succeeded(await bench.run(['chain', 'init', '--devnet', '--home', bench.home, ...blockTime, '--json']))
  changeParams(bench.home, ORDER_PARAMS)
  await tellStandingOrder(bench, await bench.startChain())
}, 400_000)
