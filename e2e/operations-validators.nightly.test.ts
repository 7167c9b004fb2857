/** docs/operations/validators.md by four operators, each with the program and an empty folder. */
import { expect, test } from '@jest/globals'
import { cometCanBeBuilt, whyNoComet } from './comet.ts'
import { BUILD_MS_MAX } from './go-program.ts'
import { createWorkbench } from './harness.ts'
import { operateValidators } from './operate-validators.ts'

const withComet = cometCanBeBuilt ? test : test.skip

withComet(
  `four operators make a network, and one of them moves to another machine, by the commands of the page${whyNoComet}`,
  async () => {
    const bench = createWorkbench()
    try {
      expect(await operateValidators(bench)).toEqual([])
    } finally {
      await bench.close()
    }
  },
  BUILD_MS_MAX,
)
