/** Every implementation of a port keeps what the port promises. */

import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@granary/base'
import { createPieceHasher } from '@granary/content'
import { createKernelPieceHasher } from '@granary/content/node'
import { accountSigner } from '@granary/protocol/messages'
import { afterAll, beforeAll } from '@jest/globals'
import { fetchTargets } from '../test/fetch-targets.ts'
import {
  accountContract,
  clockContract,
  fetchContract,
  hasherContract,
  journalContract,
  lockContract,
  outboxContract,
  randomContract,
  sinkContract,
  spoolContract,
  trustContract,
} from '../test/ports-contract.ts'
import { memoryJournal } from './memory/memory-journal.ts'
import { memoryLock } from './memory/memory-lock.ts'
import { memoryOutbox } from './memory/memory-outbox.ts'
import { memorySink } from './memory/memory-sink.ts'
import { memorySpool } from './memory/memory-spool.ts'
import { memoryTrust } from './memory/memory-trust.ts'
import { fileJournal } from './node/file-journal.ts'
import { fileLock } from './node/file-lock.ts'
import { fileOutbox } from './node/file-outbox.ts'
import { fileSink } from './node/file-sink.ts'
import { fileSpool } from './node/file-spool.ts'
import { fileTrust } from './node/file-trust.ts'
import { type PathSource, pathSource } from './node/path-source.ts'
import { type ContentSource, contentSource } from './sources/content-source.ts'
import { systemRandom } from './system-random.ts'

let home: string
let targets: Awaited<ReturnType<typeof fetchTargets>>
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'granary-ports-'))
  targets = await fetchTargets()
})
afterAll(async () => {
  await rm(home, { recursive: true })
  await targets[Symbol.asyncDispose]()
})
const folder = () => mkdtemp(join(home, 'port-'))

journalContract('files', async () => {
  const into = await folder()
  return { port: fileJournal(into), again: () => fileJournal(into) }
})
journalContract('memory', async () => ({ port: memoryJournal() }))

outboxContract('files', async () => {
  const into = await folder()
  return { port: fileOutbox(into), again: () => fileOutbox(into) }
})
outboxContract('memory', async () => ({ port: memoryOutbox() }))

trustContract('files', async () => {
  const into = await folder()
  return { port: fileTrust(join(into, 'trust')), again: () => fileTrust(join(into, 'trust')) }
})
trustContract('memory', async () => ({ port: memoryTrust() }))

lockContract('files', async () => {
  const into = await folder()
  return { port: fileLock(into), again: () => fileLock(into) }
})
lockContract('memory', async () => ({ port: memoryLock() }))

spoolContract<PathSource | ContentSource>('files', async () => {
  const into = await folder()
  return {
    port: fileSpool(join(into, 'staging')),
    async source(name, bytes) {
      const path = join(into, name)
      await writeFile(path, bytes)
      return await pathSource(path)
    },
    content: (content) => contentSource(content),
  }
})
spoolContract('memory', async () => ({
  port: memorySpool(),
  source: async (name, bytes) => contentSource(bytes, { name }),
  content: (content) => contentSource(content),
}))

hasherContract('the kernel', createKernelPieceHasher)
hasherContract('what runs everywhere', createPieceHasher)

sinkContract('file', async () => {
  const sink = await fileSink(join(await folder(), 'out'))
  const content = async () => (existsSync(sink.out) ? new Uint8Array(await readFile(sink.out)) : undefined)
  return { sink, content }
})
sinkContract('memory', async () => {
  const sink = memorySink()
  return { sink, content: async () => new Uint8Array(await sink.blob().arrayBuffer()) }
})

accountContract('a key', () => accountSigner(new Uint8Array(32).fill(5)))
randomContract('the platform', systemRandom)
clockContract('the machine', systemClock)
fetchContract('the platform', fetch, async () => targets)
