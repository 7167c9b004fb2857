import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { type BackendUnderTest, echoProcessor, jobQueueContract } from '../../test/job-queue-contract.ts'
import { freePort, startRedis } from '../../test/start-redis.ts'
import { createQueue } from './create-queue.ts'

const REDIS_SERVER = '/usr/bin/redis-server'

if (existsSync(REDIS_SERVER)) jobQueueContract('redis', (): Promise<BackendUnderTest> => startRedis(REDIS_SERVER))
else
  describe.skip(`the job queue on redis: ${REDIS_SERVER} is not there; apt-get install redis-server`, () => {
    test('the contract', () => {})
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
