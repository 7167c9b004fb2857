/** Jobs that make a queue show what it does: used by the queue's contract alone. */
import { setTimeout as sleep } from 'node:timers/promises'
import { GranaryError, relayedCode } from '@granary/base'
import { type Processor, serveJobs } from '../src/queue/serve-jobs.ts'

type Echo = { input: { text: string }; progress: never; result: { text: string; thread: boolean } }
type Steps = { input: { steps: number }; progress: { step: number }; result: number }
type Fail = { input: { coded: boolean }; progress: never; result: never }
type Crash = { input: null; progress: never; result: never }
type Hold = { input: { ms: number }; progress: { holding: true }; result: 'held' | 'cancelled' }
type Deaf = { input: null; progress: { begun: true }; result: never }
type Spin = { input: { ms: number }; progress: never; result: 'spun' }

export type TestJobs = { echo: Echo; steps: Steps; fail: Fail; crash: Crash; hold: Hold; deaf: Deaf; spin: Spin }

const processor: Processor = serveJobs<TestJobs>({
  echo: async ({ text }) => ({ text, thread: !(await import('node:worker_threads')).isMainThread }),
  steps: async ({ steps }, { onProgress }) => {
    for (let step = 1; step <= steps; step++) onProgress({ step })
    return steps
  },
  fail: async ({ coded }) => {
    if (!coded) throw new TypeError('plain failure')
    throw new GranaryError({
      code: relayedCode('TEST_FAILURE'),
      message: 'coded',
      hint: 'none',
      retryable: false,
      details: { n: 7 },
    })
  },
  crash: async () => process.exit(3),
  hold: async ({ ms }, { signal, onProgress }) => {
    onProgress({ holding: true })
    await sleep(ms, undefined, { signal })
    return 'held'
  },
  deaf: async (_, { onProgress }) => {
    onProgress({ begun: true })
    return await new Promise<never>(() => setInterval(() => {}, 60_000))
  },
  spin: async ({ ms }) => {
    const until = performance.now() + ms
    while (performance.now() < until);
    return 'spun'
  },
})

export default processor
