import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { echoProcessor } from '../../test/job-queue-contract.ts'
import { createQueue } from './create-queue.ts'
import type { QueueLogEvent } from './queue-log.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-pglite-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function works(log: (event: QueueLogEvent) => void): Promise<boolean> {
  const queue = await createQueue({ folder, processor: echoProcessor, log })
  try {
    await queue.run({ kind: 'echo', id: 'one', input: { text: 'on' } })
    return true
  } finally {
    await queue.stop()
  }
}

test('after a kill in the middle of work the folder opens and old jobs are gone', async () => {
  const script = fileURLToPath(new URL('../../test/fill-queue.ts', import.meta.url))
  const args = ['--conditions=@granary/source', '--disable-warning=ExperimentalWarning', script, folder]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(await works((event) => expect(event).toBe('nothing to tell'))).toBe(true)
})

test('a folder that cannot be read is put aside, loudly, and made anew', async () => {
  const events: QueueLogEvent[] = []
  await works(() => {})
  const pglite = join(folder, 'pglite')
  await truncate(join(pglite, 'global', 'pg_control'), 100)
  await writeFile(join(pglite, 'PG_VERSION'), 'not a version')
  expect(await works((event) => events.push(event))).toBe(true)
  expect(events).toMatchObject([{ type: 'queue:recreated', folder: pglite }])
  expect((await readdir(folder)).filter((name) => name.startsWith('pglite.unreadable-'))).toHaveLength(1)
})
