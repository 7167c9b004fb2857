import { expect, test } from '@jest/globals'
import { createAlerts } from '../alerts.ts'
import type { JobQueue } from './job-queue.ts'
import { createLateQueue } from './late-queue.ts'

type Jobs = { echo: { input: string; progress: never; result: string } }

/** Opens at the second try. */
function kit() {
  const logged: { readonly type: string }[] = []
  const alerts = createAlerts((event) => logged.push(event))
  let tries = 0
  const echo = { backend: 'redis', run: async ({ input }: { input: string }) => input, stop: async () => {} } as unknown
  const open = async (): Promise<JobQueue<Jobs>> => {
    tries += 1
    if (tries === 1) throw new Error('nobody answers')
    return echo as JobQueue<Jobs>
  }
  return { logged, queue: createLateQueue(open, alerts) }
}

test('what is asked of a queue that does not open waits until it does, and that is said once each way', async () => {
  const { logged, queue } = kit()
  expect(await queue.run({ kind: 'echo', id: 'a', input: 'on' })).toBe('on')
  await expect(queue.firstTry).rejects.toThrow('nobody answers')
  expect(logged).toMatchObject([
    { type: 'alert', code: 'QUEUE_UNAVAILABLE', message: expect.stringContaining('nobody answers') },
    { type: 'alert:over', code: 'QUEUE_UNAVAILABLE' },
  ])
  await queue.stop()
})

test('whoever stops waiting, or stops the queue, is not held up by it', async () => {
  const { queue } = kit()
  const leaving = new AbortController()
  const waiting = queue.run({ kind: 'echo', id: 'a', input: 'on' }, { signal: leaving.signal })
  leaving.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
  const held = queue.run({ kind: 'echo', id: 'b', input: 'on' })
  const refused = expect(held).rejects.toMatchObject({ name: 'AbortError' })
  await queue.stop()
  await refused
})
