/** The contract of the client, over each set of ports that there is. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Content, createGranary } from '@granary/client'
import { memoryPorts, memorySink } from '@granary/client/memory'
import { createGranary as createOverFiles } from '@granary/client/node'
import { createChainClient } from '@granary/protocol/client'
import { clientContract } from './client-contract.ts'

clientContract('over files', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'granary-client-'))
  /** Each time elsewhere, by the same name: what is put keeps it. */
  const nextPath = async () => join(await mkdtemp(join(folder, 'place-')), 'file')
  return {
    async open({ chain, signer, fetch, name }) {
      const client = createOverFiles({
        chain: createChainClient({ url: chain, fetch }),
        signer,
        folder: join(folder, name),
        fetch,
      })
      return {
        async put(bytes, options) {
          const path = await nextPath()
          await writeFile(path, bytes)
          return await client.put(path, options)
        },
        async get(path) {
          const out = await nextPath()
          await client.save(path, out)
          return new Uint8Array(await readFile(out))
        },
      }
    },
    close: () => rm(folder, { recursive: true, force: true }),
  }
})

/** The same content each time, and so the same put. */
const contents: readonly ((bytes: Uint8Array<ArrayBuffer>) => Content)[] = [
  (bytes) => bytes,
  (bytes) => new Blob([bytes]).stream(),
  (bytes) => new Blob([bytes]),
]

clientContract('in memory', async () => {
  let puts = 0
  const kept = new Map<string, ReturnType<typeof memoryPorts>>()
  return {
    async open({ chain, signer, fetch, name }) {
      const made = memoryPorts({ chain: createChainClient({ url: chain, fetch }), account: signer, fetch })
      const { spool, journal, lock } = kept.get(name) ?? made
      kept.set(name, { ...made, spool, journal, lock })
      const granary = createGranary({ ...made, spool, journal, lock })
      return {
        put: (bytes, options) => granary.put(contents[puts++ % contents.length]!(bytes), options),
        async get(path) {
          const sink = memorySink()
          await granary.save(path, sink)
          return new Uint8Array(await sink.blob().arrayBuffer())
        },
      }
    },
    close: async () => undefined,
  }
})
