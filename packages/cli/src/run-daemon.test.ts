import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { type AddressInfo, createServer, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { bin } from '../test/granary.ts'

const script = fileURLToPath(new URL('../test/slow-daemon.ts', import.meta.url))

async function interruptStart(args: readonly string[], again: boolean): Promise<object> {
  const child = spawn(process.execPath, ['--conditions=@granary/source', script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  // What ignores the signals must not outlive the test.
  const giveUp = setTimeout(() => child.kill('SIGKILL'), 4_000)
  const stdout = text(child.stdout)
  const closed = once(child, 'close')
  await once(child.stdout, 'data')
  child.kill('SIGINT')
  if (again) {
    await wait(1_200)
    child.kill('SIGINT')
  }
  const [code, signal] = await closed
  clearTimeout(giveUp)
  return { code, signal, stdout: await stdout }
}

test('Ctrl-C while a daemon starts: what has been started is stopped, and it is not said to be ready', async () => {
  const stdout = 'starting\nasked to stop\nstopped\n'
  expect(await interruptStart(['300'], false)).toEqual({ code: 0, signal: null, stdout })
})

test('a second Ctrl-C while a daemon starts ends it at once, also where a file does not open', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'granary-fifo-'))
  try {
    const fifo = join(folder, 'fifo')
    execFileSync('mkfifo', [fifo])
    const stdout = 'starting\nasked to stop\n'
    expect(await interruptStart(['Infinity', fifo], true)).toEqual({ code: null, signal: 'SIGINT', stdout })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('Ctrl-C ends a provider that waits for a chain which does not answer', async () => {
  const home = mkdtempSync(join(tmpdir(), 'granary-start-'))
  const silent = createServer().listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo
  const args = ['provider', 'run', '--home', home, '--chain', `http://127.0.0.1:${port}`, '--json']
  const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const giveUp = setTimeout(() => child.kill('SIGKILL'), 8_000)
  try {
    const [stdout, stderr, closed] = [text(child.stdout), text(child.stderr), once(child, 'close')]
    const [socket] = (await once(silent, 'connection')) as [Socket]
    // What keeps an idle provider small, and apart from disks that hang, can be said only when a process starts.
    if (process.platform === 'linux') {
      expect(readFileSync(`/proc/${child.pid}/cmdline`, 'utf8')).toContain('--max-semi-space-size=4')
      const environ = readFileSync(`/proc/${child.pid}/environ`, 'utf8').split('\0')
      expect(environ).toEqual(expect.arrayContaining(['MALLOC_ARENA_MAX=2', 'UV_THREADPOOL_SIZE=64']))
    }
    child.kill('SIGINT')
    expect(await closed).toEqual([0, null])
    expect([await stdout, await stderr, readdirSync(home)]).toEqual(['', '', []])
    socket.destroy()
  } finally {
    clearTimeout(giveUp)
    silent.close()
    rmSync(home, { recursive: true })
  }
})

async function openOnceRead(fifo: string): Promise<FileHandle> {
  for (;;) {
    try {
      return await open(fifo, constants.O_WRONLY | constants.O_NONBLOCK)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error
      await wait(20)
    }
  }
}

test("a parent's first line is not lost while a provider reads its configuration", async () => {
  const home = mkdtempSync(join(tmpdir(), 'granary-start-'))
  const config = join(home, 'provider', 'config.json')
  mkdirSync(dirname(config))
  execFileSync('mkfifo', [config])
  const silent = createServer().listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo
  const args = ['provider', 'run', '--home', home, '--no-libp2p', '--chain-from-parent', '--stop-with-parent']
  const child = spawn(process.execPath, [bin, ...args], { stdio: ['pipe', 'ignore', 'inherit'] })
  const giveUp = setTimeout(() => child.kill('SIGKILL'), 40_000)
  try {
    const closed = once(child, 'close')
    child.stdin.write(`http://127.0.0.1:${port}\n`)
    // Opens once the provider has opened it, which then waits for what stands there.
    const file = await openOnceRead(config)
    await wait(300)
    await file.close()
    const [socket] = (await Promise.race([once(silent, 'connection'), closed])) as [Socket]
    expect(socket).toBeInstanceOf(Socket)
    child.stdin.end()
    expect(await closed).toEqual([0, null])
    socket.destroy()
  } finally {
    clearTimeout(giveUp)
    silent.close()
    rmSync(home, { recursive: true })
  }
})
