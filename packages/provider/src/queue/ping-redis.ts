/** Whether a Redis answers, before a queue is kept in it. What speaks its protocol is loaded by who asks. */

/** @throws RedisUnreachableError */
export async function pingRedis(url: string): Promise<void> {
  const { connectRedis } = await import('./redis-connection.ts')
  const redis = await connectRedis(url)
  redis.disconnect()
}
