/** The contracts of the ports, over those of the browser: a page that browser-ports.slow.test.ts opens in a real one. */
import { systemClock } from '@granary/base'
import { createPieceHasher } from '@granary/content'
import { accountSigner } from '@granary/protocol/messages'
import { indexedDb } from '../../src/browser/indexed-db.ts'
import { indexedDbJournal } from '../../src/browser/indexed-db-journal.ts'
import { indexedDbOutbox } from '../../src/browser/indexed-db-outbox.ts'
import { indexedDbTrust } from '../../src/browser/indexed-db-trust.ts'
import { opfsStreams } from '../../src/browser/opfs-streams.ts'
import { webLock } from '../../src/browser/web-lock.ts'
import { memorySink } from '../../src/memory/memory-sink.ts'
import { blobSpool } from '../../src/sources/blob-spool.ts'
import { contentSource } from '../../src/sources/content-source.ts'
import { systemRandom } from '../../src/system-random.ts'
import {
  accountContract,
  clockContract,
  type FetchTargets,
  fetchContract,
  hasherContract,
  journalContract,
  lockContract,
  outboxContract,
  randomContract,
  sinkContract,
  spoolContract,
  trustContract,
} from '../ports-contract.ts'
import { type Outcome, runTests } from './jest-globals.ts'

const newName = () => `contract-${crypto.randomUUID()}`

export async function run(targets: FetchTargets): Promise<Outcome[]> {
  journalContract('IndexedDB', async () => {
    const name = newName()
    return { port: indexedDbJournal(indexedDb(name)), again: () => indexedDbJournal(indexedDb(name)) }
  })
  outboxContract('IndexedDB', async () => {
    const name = newName()
    return { port: indexedDbOutbox(indexedDb(name)), again: () => indexedDbOutbox(indexedDb(name)) }
  })
  trustContract('IndexedDB', async () => {
    const name = newName()
    return { port: indexedDbTrust(indexedDb(name)), again: () => indexedDbTrust(indexedDb(name)) }
  })
  lockContract('of the origin', async () => ({ port: webLock(), again: webLock }))
  spoolContract('private files', async () => ({
    port: blobSpool(opfsStreams(newName())),
    source: async (name, bytes) => contentSource(new File([bytes], name)),
    content: (content) => contentSource(content),
  }))
  hasherContract('what runs everywhere', createPieceHasher)
  sinkContract('memory', async () => {
    const sink = memorySink()
    return { sink, content: async () => new Uint8Array(await sink.blob().arrayBuffer()) }
  })
  accountContract('a key', () => accountSigner(new Uint8Array(32).fill(5)))
  randomContract('the browser', systemRandom)
  clockContract('the browser', systemClock)
  fetchContract('the browser', fetch.bind(globalThis), async () => targets)
  return await runTests()
}

/** Files that streams are kept in, by the folders of the pages that they are of. */
export async function streamFiles(folder: string): Promise<string[]> {
  const paths: string[] = []
  async function visit(directory: FileSystemDirectoryHandle, path: string): Promise<void> {
    for await (const [name, entry] of directory.entries()) {
      if (entry.kind === 'directory') await visit(entry as FileSystemDirectoryHandle, `${path}/${name}`)
      else paths.push(`${path}/${name}`)
    }
  }
  const root = await navigator.storage.getDirectory()
  await visit(await root.getDirectoryHandle(folder, { create: true }), folder)
  return paths
}

/** Keeps a stream of so many bytes, as a put would. */
export async function keepStream(folder: string, bytes: number): Promise<string> {
  const spool = blobSpool(opfsStreams(folder))
  const source = contentSource(new Blob([new Uint8Array(bytes)]).stream())
  const draft = spool.nameOf(source)
  const { rootCid } = await spool.read(draft, source, {})
  await spool.keep(draft, rootCid)
  return rootCid
}

/** Undefined: it has been let go. @returns whether this page holds it now */
export async function takeForEver(name: string): Promise<boolean> {
  return (await webLock().take(name)) !== undefined
}
