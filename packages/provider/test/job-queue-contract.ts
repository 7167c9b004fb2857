/** What every backend of the queue must do. One table of cases, run over the threads of this machine and over Redis. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createQueue } from '../src/queue/create-queue.ts'
import type { JobQueue } from '../src/queue/job-queue.ts'
import type { TestJobs } from './echo-processor.ts'

export interface BackendUnderTest {
  readonly redisUrl?: string
  stop(): Promise<void>
}

export const echoProcessor: URL = new URL('./echo-processor.ts', import.meta.url)

export function jobQueueContract(backend: JobQueue<TestJobs>['backend'], start: () => Promise<BackendUnderTest>): void {
  describe(`the job queue on ${backend}`, () => {
    let folder: string
    let server: BackendUnderTest
    let queue: JobQueue<TestJobs>

    const open = (): Promise<JobQueue<TestJobs>> =>
      createQueue<TestJobs>({ folder, redisUrl: server.redisUrl, processor: echoProcessor })

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'granary-queue-'))
      server = await start()
      queue = await open()
    })

    afterAll(async () => {
      await queue?.stop()
      await server?.stop()
      await rm(folder, { recursive: true, force: true })
    })

    test('names its backend', () => {
      expect(queue.backend).toBe(backend)
    })

    test('a job runs in a worker thread and gives its result back', async () => {
      const result = await queue.run({ kind: 'echo', id: 'echo-1', input: { text: 'grün' } })
      expect(result).toEqual({ text: 'grün', thread: true })
    })

    test('the same id runs anew once its job has ended', async () => {
      const request = { kind: 'echo', id: 'echo-2' } as const
      await queue.run({ ...request, input: { text: 'first' } })
      expect(await queue.run({ ...request, input: { text: 'second' } })).toMatchObject({ text: 'second' })
    })

    test('two callers of one unfinished job get its one answer', async () => {
      const request = { kind: 'hold', id: 'shared', input: { ms: 100 } } as const
      expect(await Promise.all([queue.run(request), queue.run(request)])).toEqual(['held', 'held'])
    })

    test('progress arrives in order, all of it, before the result', async () => {
      const seen: number[] = []
      const onProgress = ({ step }: { step: number }): unknown => seen.push(step)
      await queue.run({ kind: 'steps', id: 'steps', input: { steps: 12 } }, { onProgress })
      expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    })

    test('a coded error arrives with its code, hint and details', async () => {
      const failed = queue.run({ kind: 'fail', id: 'coded', input: { coded: true } })
      await expect(failed).rejects.toMatchObject({
        code: 'TEST_FAILURE',
        message: 'coded',
        hint: 'none',
        retryable: false,
        details: { n: 7 },
      })
    })

    test('any other error is JOB_FAILED with its message', async () => {
      const failed = queue.run({ kind: 'fail', id: 'plain', input: { coded: false } })
      await expect(failed).rejects.toMatchObject({ code: 'JOB_FAILED', message: 'plain failure', retryable: true })
    })

    test('a thread that dies fails its own job only', async () => {
      const crashed = queue.run({ kind: 'crash', id: 'crash', input: null })
      await expect(crashed).rejects.toMatchObject({ code: 'JOB_CRASHED', retryable: true })
      const next = queue.run({ kind: 'echo', id: 'after-crash', input: { text: 'on' } })
      expect(await next).toMatchObject({ text: 'on' })
    })

    test('an aborted caller sees its own reason, and the thread is free again', async () => {
      const controller = new AbortController()
      const held = queue.run(
        { kind: 'hold', id: 'aborted', input: { ms: 60_000 } },
        { signal: controller.signal, onProgress: () => controller.abort(new Error('enough')) },
      )
      await expect(held).rejects.toMatchObject({ message: 'enough' })
      const next = queue.run({ kind: 'echo', id: 'after-abort', input: { text: 'on' } })
      expect(await next).toMatchObject({ text: 'on' })
    })

    test('a waiting job that is aborted never runs', async () => {
      const controller = new AbortController()
      const { promise: holding, resolve } = Promise.withResolvers<void>()
      const inFront = { kind: 'hold', id: 'in-front', input: { ms: 300 } } as const
      const first = queue.run(inFront, { onProgress: () => resolve() })
      const waiting = queue.run(
        { kind: 'steps', id: 'never', input: { steps: 1 } },
        { signal: controller.signal, onProgress: () => expect('the job').toBe('not run') },
      )
      await holding
      controller.abort()
      await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
      expect(await first).toBe('held')
    })

    test('urgent jobs pass the others', async () => {
      // The start of its thread is not what is looked at.
      await queue.run({ kind: 'echo', id: 'warm', urgent: true, input: { text: '' } })
      const order: string[] = []
      const { promise: holding, resolve } = Promise.withResolvers<void>()
      const run = async (id: string, urgent: boolean): Promise<void> => {
        await queue.run({ kind: 'hold', id, urgent, input: { ms: 200 } }, { onProgress: () => resolve() })
        order.push(id)
      }
      const blocker = run('blocker', false)
      await holding
      const rest = [run('slow-1', false), run('slow-2', false)]
      // Nothing tells that a job is in the queue: by now they are.
      await sleep(50)
      await Promise.all([blocker, ...rest, run('quick', true)])
      expect(order.indexOf('quick')).toBeLessThan(order.indexOf('slow-2'))
    })

    test('as many jobs run at a time as there are slots for', async () => {
      const wide = await createQueue<TestJobs>({
        ...{ folder: join(folder, 'wide'), redisUrl: server.redisUrl, processor: echoProcessor, parallel: 2 },
      })
      const held = ['wide-1', 'wide-2', 'wide-3'].map((id) => {
        const { promise: begun, resolve } = Promise.withResolvers<void>()
        const leaving = new AbortController()
        const request = { kind: 'hold', id, input: { ms: 60_000 } } as const
        const run = wide.run(request, { signal: leaving.signal, onProgress: () => resolve() })
        return { begun, leaving, ended: run.catch(() => undefined) }
      })
      expect(wide.slots()).toBe(2)
      const [first, second, third] = held as [(typeof held)[0], (typeof held)[0], (typeof held)[0]]
      await Promise.all([first.begun, second.begun])
      first.leaving.abort()
      await third.begun
      for (const { leaving } of held) leaving.abort()
      await Promise.all(held.map(({ ended }) => ended))
      await wide.stop()
    })

    test('a cancelled job that does not hear it, as on a disk that hangs, gives its place to another', async () => {
      const own = { folder: join(folder, 'deaf'), redisUrl: server.redisUrl, processor: echoProcessor, cancelMs: 100 }
      const narrow = await createQueue<TestJobs>(own)
      const leaving = new AbortController()
      const deaf = narrow.run(
        { kind: 'deaf', id: 'deaf', input: null },
        { signal: leaving.signal, onProgress: () => leaving.abort(new Error('its disk is away')) },
      )
      await expect(deaf).rejects.toMatchObject({ message: 'its disk is away' })
      const next = narrow.run({ kind: 'echo', id: 'after-deaf', input: { text: 'on' } })
      expect(await next).toMatchObject({ text: 'on' })
      await narrow.stop()
    })

    test('a busy thread does not hold the event loop', async () => {
      const spin = queue.run({ kind: 'spin', id: 'spin', input: { ms: 1_500 } })
      const startedMs = performance.now()
      // What a timer is late by is what is measured.
      await sleep(200)
      expect(performance.now() - startedMs).toBeLessThan(1_200)
      expect(await spin).toBe('spun')
    })

    test.each(['a:b', '', 'ä', 'a b', 'x'.repeat(129)])('the job id %j is refused', async (id) => {
      const refused = queue.run({ kind: 'echo', id, input: { text: '' } })
      await expect(refused).rejects.toMatchObject({ code: 'JOB_ID_INVALID' })
    })

    test('stop cancels what runs, and a new queue on the folder starts clean', async () => {
      const { promise: holding, resolve } = Promise.withResolvers<void>()
      const request = { kind: 'hold', id: 'stopped', input: { ms: 60_000 } } as const
      const held = queue.run(request, { onProgress: () => resolve() })
      const refused = expect(held).rejects.toMatchObject({ name: 'AbortError' })
      await holding
      await queue.stop()
      await refused
      queue = await open()
      const next = queue.run({ kind: 'echo', id: 'reopened', input: { text: 'on' } })
      expect(await next).toMatchObject({ text: 'on' })
    })
  })
}
