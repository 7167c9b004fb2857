/** A redis-server of its own for a test, on a free port of the loopback, gone with the test. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BackendUnderTest } from './job-queue-contract.ts'

export async function startRedis(binary: string, wantedPort?: number): Promise<BackendUnderTest> {
  const dir = await mkdtemp(join(tmpdir(), 'granary-redis-'))
  const port = wantedPort ?? (await freePort())
  const server = spawn(binary, ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', dir, '--save', ''], {
    // A pipe of the test's runner in its hands would keep the runner waiting for it after a test that failed.
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(server, 'exit')
  await new Promise<void>((resolve, reject) => {
    let printed = ''
    const onPrinted = (bytes: Buffer): void => {
      printed += bytes
      if (printed.includes('Ready to accept connections')) resolve()
    }
    server.stdout.on('data', onPrinted)
    server.stderr.on('data', onPrinted)
    server.on('error', reject)
    server.on('exit', (code) => reject(new Error(`redis-server ended with ${code}: ${printed}`)))
  })
  return {
    redisUrl: `redis://127.0.0.1:${port}`,
    stop: async () => {
      server.kill('SIGTERM')
      await exited
      await rm(dir, { recursive: true, force: true })
    },
  }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('the server had no port')
  return address.port
}
