import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from '@jest/globals'

const LINES = 3_000
const program = (end: string) => `
  import { createLog } from ${JSON.stringify(new URL('./log.ts', import.meta.url).href)}
  process.stderr.on('error', () => undefined)
  const log = createLog(process, { json: true })
  process.stdout.write('begun')
  for (let line = 0; line < ${LINES}; line += 1) log({ type: 'line', line, text: '.'.repeat(60) })
  ${end}`

function daemon(end: string) {
  const args = ['--conditions=@granary/source', '--input-type=module', '--eval', program(end)]
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
}

test.each([
  ['at its end', 'process.exit(3)', 3],
  ['in a crash', "throw new Error('crash')", 1],
])('a process loses no line %s, though its reader is behind', async (_, end, code) => {
  const child = daemon(end)
  const closed = once(child, 'close')
  await once(child.stdout, 'data')
  await wait(300)
  const lines = (await text(child.stderr)).split('\n').filter((line) => line.startsWith('{"level"'))
  expect((await closed)[0]).toBe(code)
  expect(lines.map((line) => JSON.parse(line).line)).toEqual(Array.from({ length: LINES }, (_, line) => line))
})

test('a process whose reader has gone goes on, and ends as it wants to', async () => {
  const child = daemon("setTimeout(() => { log({ type: 'last' }); process.exit(4) }, 100)")
  child.stderr.destroy()
  expect((await once(child, 'close'))[0]).toBe(4)
})
