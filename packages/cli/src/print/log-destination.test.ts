import { execFileSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { createLogDestination } from './log-destination.ts'

const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants

function openPipe(): { reader: number; writer: number } {
  const folder = mkdtempSync(join(tmpdir(), 'granary-log-'))
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  const reader = openSync(path, O_RDONLY | O_NONBLOCK)
  const writer = openSync(path, O_WRONLY | O_NONBLOCK)
  rmSync(folder, { recursive: true })
  return { reader, writer }
}

/** What is in the pipe now. */
function readAll(fd: number): string {
  const chunk = Buffer.alloc(65_536)
  let text = ''
  try {
    for (let size = readSync(fd, chunk); size > 0; size = readSync(fd, chunk)) text += chunk.toString('utf8', 0, size)
  } catch (error) {
    expect(error).toMatchObject({ code: 'EAGAIN' })
  }
  return text
}

test('a reader that is slow holds nothing up, gets every line in order, and hears how many had no room', async () => {
  const { reader, writer } = openPipe()
  const said: number[] = []
  const destination = createLogDestination(writer, {
    onDropped: (lines) => {
      said.push(lines)
      destination.write(`dropped ${lines}\n`)
    },
    waitingMaxBytes: 50_000,
  })
  const startedMs = performance.now()
  for (let line = 0; line < 300; line += 1) destination.write(`${line} ${'x'.repeat(1_000)}\n`)
  expect(performance.now() - startedMs).toBeLessThan(1_000)
  let text = ''
  for (let tries = 0; tries < 100 && !text.includes('dropped'); tries += 1) {
    text += readAll(reader)
    await wait(20)
  }
  const lines = text.trimEnd().split('\n')
  const kept = lines.slice(0, -1)
  expect(kept.map((line) => line.length > 1_000 && Number.parseInt(line, 10))).toEqual(kept.map((_, number) => number))
  expect(kept.length).toBeGreaterThan(100)
  expect(said).toEqual([300 - kept.length])
  expect(lines.at(-1)).toBe(`dropped ${300 - kept.length}`)
  closeSync(reader)
  closeSync(writer)
})

test('a reader that has gone ends nothing', () => {
  const { reader, writer } = openPipe()
  const destination = createLogDestination(writer, { onDropped: () => expect(true).toBe(false) })
  destination.write('first\n')
  expect(readAll(reader)).toBe('first\n')
  closeSync(reader)
  for (let line = 0; line < 3; line += 1) expect(() => destination.write('nobody reads it\n')).not.toThrow()
  closeSync(writer)
})

test('a log on a disk that is full costs its lines alone, and is silent until there is room', () => {
  const said: number[] = []
  const full = openSync('/dev/full', O_WRONLY)
  const destination = createLogDestination(full, { onDropped: (lines) => said.push(lines) })
  for (let line = 0; line < 3; line += 1) expect(() => destination.write('no room\n')).not.toThrow()
  expect(said).toEqual([])
  closeSync(full)
})
