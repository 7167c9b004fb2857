/** A redis-server of a story's own, on a free port of the loopback; it ends with the bench. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Workbench } from './harness.ts'

export interface RedisServer {
  readonly url: string
  readonly port: number
  readonly process: ChildProcess
}

/** Each Jest worker has ports of its own: one that was killed comes back at its port, which no other suite has taken. */
const PORT_FIRST = 16_379 + 100 * Number(process.env.JEST_WORKER_ID)
const PORT_LAST = PORT_FIRST + 99

export const redisIsHere: boolean = spawnSync('redis-server', ['--version']).status === 0

/** @param wanted the port of one that ended @param password that it asks for; in its address */
export async function startRedis(bench: Workbench, wanted?: number, password?: string): Promise<RedisServer> {
  const asked = password === undefined ? [] : ['--requirepass', password]
  const named = password === undefined ? '' : `:${password}@`
  const folder = mkdtempSync(join(bench.home, 'redis-'))
  let said = ''
  for (let port = wanted ?? PORT_FIRST; port <= (wanted ?? PORT_LAST); port += 1) {
    const where = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder]
    const redis = spawn('redis-server', [...where, '--save', '', ...asked])
    bench.signal.addEventListener('abort', () => redis.kill('SIGKILL'), { once: true })
    for await (const line of createInterface({ input: redis.stdout })) {
      said = line
      if (line.includes('Ready to accept connections'))
        return { url: `redis://${named}127.0.0.1:${port}`, port, process: redis }
    }
  }
  throw new Error(`no free port for redis-server between ${PORT_FIRST} and ${PORT_LAST}: ${said}`)
}
