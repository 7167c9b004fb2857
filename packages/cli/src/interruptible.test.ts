import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'

const script = fileURLToPath(new URL('../test/interruptible-child.ts', import.meta.url))

async function interrupt(
  stopMs: number,
  betweenMs: number | undefined,
  stopMaxMs = 60_000,
  by: NodeJS.Signals = 'SIGINT',
): Promise<{ code: number | null; stdout: string }> {
  const child = spawn(process.execPath, ['--conditions=@granary/source', script, `${stopMs}`, `${stopMaxMs}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const stdout = text(child.stdout)
  await once(child.stdout, 'data')
  child.kill(by)
  if (betweenMs !== undefined) {
    await wait(betweenMs)
    child.kill(by)
  }
  const [code] = await once(child, 'close')
  return { code, stdout: await stdout }
}

test('one Ctrl-C that arrives twice, from the terminal and from npm, lets the work end in order', async () => {
  expect(await interrupt(300, 20)).toEqual({ code: 0, stdout: 'working\nstopping\nin order\n' })
})

test('a second Ctrl-C ends the process', async () => {
  expect(await interrupt(60_000, 1_200)).toEqual({ code: 130, stdout: 'working\nstopping\n' })
})

test('a terminal that goes away twice, by the system and by its shell, does not end what stops in order', async () => {
  const ended = await interrupt(1_500, 1_200, 60_000, 'SIGHUP')
  expect(ended).toEqual({ code: 0, stdout: 'working\nstopping\nin order\n' })
})

test('one Ctrl-C ends work that does not listen too, when it has had its time', async () => {
  expect(await interrupt(60_000, undefined, 100)).toEqual({ code: 130, stdout: 'working\nstopping\n' })
})
