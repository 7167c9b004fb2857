import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { initChain } from '@granary/chain/node'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { startChild } from './start-child.ts'

let home: string
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'granary-child-'))
  await initChain({ home, devnet: true })
})
afterEach(() => rmSync(home, { recursive: true }))

const never = new AbortController().signal
const chain = () => ({
  name: 'chain',
  of: 'devnet' as const,
  args: ['chain', 'run', '--home', home, '--port', '0'],
  env: process.env,
  signal: never,
})

test('a child that is asked to stop does', async () => {
  const child = await startChild(chain())
  expect((await fetch(`${child.url}/v1/status`)).status).toBe(200)
  await child.stop()
  expect((await child.ended).message).toContain('ended with code 0')
  await expect(fetch(`${child.url}/v1/status`)).rejects.toThrow()
})

test('a child that does not start gives its own error', async () => {
  const missing = { ...chain(), args: ['chain', 'run', '--home', join(home, 'no')] }
  const failure = await startChild(missing).catch((error) => error)
  expect(failure.code).toBe('HOME_MISSING')
  expect(failure.message).toContain(join(home, 'no'))
})

test('an abort while it starts leaves nothing behind', async () => {
  const controller = new AbortController()
  // It takes longer than that to be ready, and says nothing before.
  setTimeout(() => controller.abort(), 100)
  await expect(startChild({ ...chain(), signal: controller.signal })).rejects.toMatchObject({ name: 'AbortError' })
  const again = await startChild(chain())
  await again.stop()
})

test('a child ends when its parent is killed', async () => {
  const program = `
    const { startChild } = await import(${JSON.stringify(import.meta.resolve('./start-child.ts'))})
    const { env: _, ...input } = ${JSON.stringify({ ...chain(), env: {} })}
    const child = await startChild({ ...input, env: process.env, signal: new AbortController().signal })
    console.log(child.url)`
  const flags = ['--conditions=@granary/source', '--disable-warning=ExperimentalWarning', '--input-type=module']
  const parent = spawn(process.execPath, [...flags, '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const url = String((await once(parent.stdout, 'data'))[0]).trim()
  expect((await fetch(`${url}/v1/status`)).status).toBe(200)
  parent.kill('SIGKILL')
  const deadlineMs = performance.now() + 10_000
  const answers = () =>
    fetch(`${url}/v1/status`).then(
      () => true,
      () => false,
    )
  while (await answers()) {
    expect(performance.now()).toBeLessThan(deadlineMs)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
})
