/** One connection to a Redis: the first connect may fail, later ones are waited for. */
import { GranaryError } from '@granary/base'
import { Redis } from 'ioredis'
import { withoutPassword } from './without-password.ts'

export class RedisUnreachableError extends GranaryError {
  constructor(url: string, cause: unknown) {
    super({
      code: 'QUEUE_REDIS_UNREACHABLE',
      message: `no Redis answers at ${withoutPassword(url)}: ${Error.isError(cause) ? cause.message : String(cause)}`,
      hint: 'Start Redis there, correct the URL, or leave it out to seal in threads of this program alone.',
      cause,
    })
  }
}

const CONNECT_TIMEOUT_MS = 5_000

/** @throws RedisUnreachableError QUEUE_REDIS_UNREACHABLE */
export async function connectRedis(url: string): Promise<Redis> {
  // Commands wait while Redis is away, as BullMQ demands of a blocking connection; only the first connect may fail.
  const redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: null, connectTimeout: CONNECT_TIMEOUT_MS })
  // `connect` only says that it was closed; why, the error event says. Later ones are BullMQ's to report.
  let refusal: unknown
  redis.on('error', (error) => {
    refusal ??= error
  })
  try {
    await redis.connect()
    return redis
  } catch (error) {
    redis.disconnect()
    throw new RedisUnreachableError(url, refusal ?? error)
  }
}
