/** The story of one file on four validators on the real CometBFT: put through one of them, provided through another. */
import { test } from '@jest/globals'
import { cometCanBeBuilt, startNetwork, whyNoComet } from './comet.ts'
import { tellFlow } from './flow.ts'
import { createWorkbench } from './harness.ts'
import type { StoryMarket } from './story.ts'

async function startMarketOnComet(): Promise<StoryMarket> {
  const bench = createWorkbench()
  const { validators } = await startNetwork(bench, { quick: true })
  const [provided, asked] = validators as [(typeof validators)[0], (typeof validators)[0]]
  const provider = await bench.startProvider({ chainUrl: provided.url, args: ['--seal-after', '0s'] })
  return { bench, chain: asked, provider, client: provided.client }
}

if (cometCanBeBuilt) tellFlow(startMarketOnComet)
else test.skip(`the story of one file on four validators${whyNoComet}`, () => undefined)
