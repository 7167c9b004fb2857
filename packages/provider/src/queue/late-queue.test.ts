import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import type { TestJobs } from '../../test/echo-processor.ts'
import { echoProcessor } from '../../test/job-queue-contract.ts'
import { createAlerts } from '../alerts.ts'
import { createQueue } from './create-queue.ts'
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

test('a queue whose folder is deleted is opened anew once it fails, and what was asked of it is done', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'granary-late-'))
  const logged: { readonly type: string }[] = []
  const alerts = createAlerts((event) => logged.push(event))
  const queue = createLateQueue(() => createQueue<TestJobs>({ folder, processor: echoProcessor }), alerts)
  try {
    expect(await queue.run({ kind: 'echo', id: 'before', input: { text: 'on' } })).toMatchObject({ text: 'on' })
    await rm(folder, { recursive: true })
    // Files that are open stay so: it fails when it needs the next one, which these texts make it do.
    const text = 'x'.repeat(20_000)
    const jobs = Array.from({ length: 20 }, (_, n) => queue.run({ kind: 'echo', id: `after-${n}`, input: { text } }))
    for (const done of await Promise.all(jobs)) expect(done).toMatchObject({ text })
    expect(logged).toMatchObject([
      { type: 'alert', code: 'QUEUE_UNAVAILABLE', message: expect.stringContaining('is lost') },
      { type: 'alert:over', code: 'QUEUE_UNAVAILABLE' },
    ])
  } finally {
    await queue.stop()
    await rm(folder, { recursive: true, force: true })
  }
})
