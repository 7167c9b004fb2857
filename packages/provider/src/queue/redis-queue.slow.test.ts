import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import type { TestJobs } from '../../test/echo-processor.ts'
import { type BackendUnderTest, echoProcessor, jobQueueContract } from '../../test/job-queue-contract.ts'
import { freePort, startRedis } from '../../test/start-redis.ts'
import { createAlerts } from '../alerts.ts'
import type { Log } from '../log.ts'
import { createQueue } from './create-queue.ts'

const REDIS_SERVER = '/usr/bin/redis-server'

if (existsSync(REDIS_SERVER)) jobQueueContract('redis', (): Promise<BackendUnderTest> => startRedis(REDIS_SERVER))
else
  describe.skip(`the job queue on redis: ${REDIS_SERVER} is not there; apt-get install redis-server`, () => {
    test('the contract', () => {})
  })

const isHere = existsSync(REDIS_SERVER)
const suite = isHere ? describe : describe.skip
const missing = isHere ? '' : `: ${REDIS_SERVER} is not there; apt-get install redis-server`
suite(`what a run before has left on a Redis${missing}`, () => {
  test('a job that nobody asks for again holds no thread', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'granary-queue-'))
    const redis = await startRedis(REDIS_SERVER)
    const open = (parallel: number) =>
      createQueue<TestJobs>({ folder, redisUrl: redis.redisUrl, processor: echoProcessor, parallel })
    const before = await open(0)
    const left = before.run({ kind: 'hold', id: 'seal-1-seal-2', input: { ms: 600_000 } })
    const ended = expect(left).rejects.toMatchObject({ name: 'AbortError' })
    // Nothing tells that a job is in the queue: by now it is.
    await sleep(500)
    await before.stop()
    await ended
    const after = await open(1)
    const wanted = await after.run({ kind: 'echo', id: 'seal-1-seal-3', input: { text: 'on' } })
    expect(wanted).toMatchObject({ text: 'on' })
    await after.stop()
    await redis.stop()
    await rm(folder, { recursive: true })
  }, 40_000)
})

suite(`a Redis that dies${missing}`, () => {
  test('is one alert, whatever fails because of it, which is over once it is there again', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'granary-queue-'))
    const port = await freePort()
    const redis = await startRedis(REDIS_SERVER, port)
    const told: string[] = []
    const log: Log = ({ type, code }) => void told.push(`${type} ${String(code)}`)
    const alerts = createAlerts(log)
    const options = { folder, redisUrl: redis.redisUrl, processor: echoProcessor, parallel: 1 }
    const queue = await createQueue<TestJobs>({ ...options, alerts, log })
    await redis.stop()
    while (alerts.list().length === 0) await sleep(20)
    const before = told.length
    // By then each of its connections has failed more than once.
    await sleep(2_000)
    expect(told.slice(before)).toEqual([])
    const again = await startRedis(REDIS_SERVER, port)
    while (alerts.list().length > 0) await sleep(20)
    expect(told.filter((line) => line.endsWith('QUEUE_UNAVAILABLE'))).toEqual([
      'alert QUEUE_UNAVAILABLE',
      'alert:over QUEUE_UNAVAILABLE',
    ])
    await queue.stop()
    await again.stop()
    await rm(folder, { recursive: true })
  }, 40_000)
})

suite(`a stop while the Redis is away${missing}`, () => {
  test('does not wait for it, between two attempts to reach it either', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'granary-queue-'))
    const redis = await startRedis(REDIS_SERVER)
    const alerts = createAlerts(() => {})
    const options = { folder, redisUrl: redis.redisUrl, processor: echoProcessor, parallel: 1 }
    const queue = await createQueue<TestJobs>({ ...options, alerts })
    await redis.stop()
    while (alerts.list().length === 0) await sleep(20)
    // The pauses between attempts grow: by then a connection is nearly always in one.
    await sleep(1_000)
    await queue.stop()
    await rm(folder, { recursive: true })
  }, 20_000)
})

describe('a Redis that is not there', () => {
  test('is named, without its password', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'granary-queue-'))
    const port = await freePort()
    const redisUrl = `redis://user:secret@127.0.0.1:${port}`
    const opening = createQueue({ folder, redisUrl, processor: echoProcessor })
    await expect(opening).rejects.toMatchObject({ code: 'QUEUE_REDIS_UNREACHABLE', retryable: true })
    await expect(opening).rejects.toThrow(`redis://127.0.0.1:${port}`)
    await rm(folder, { recursive: true })
  })
})
