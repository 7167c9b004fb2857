/** docs/operations/validators.md by four operators, each with the program and an empty folder. */
import { expect } from '@jest/globals'
import { BUILD_MS_MAX } from './go-program.ts'
import { createWorkbench } from './harness.ts'
import { operateValidators } from './operate-validators.ts'
import { withComet } from './with-comet.ts'

withComet(
  'four operators make a network, and one of them moves to another machine, by the commands of the page',
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
