/** The contract of the client, over each set of ports that there is. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@granary/client/node'
import { createChainClient } from '@granary/protocol/client'
import { clientContract } from './client-contract.ts'

clientContract('over files', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'granary-client-'))
  let files = 0
  const nextPath = () => join(folder, `file-${files++}`)
  return {
    async open({ chain, signer, fetch, name }) {
      const client = createClient({
        chain: createChainClient({ url: chain, fetch }),
        signer,
        folder: join(folder, name),
        fetch,
      })
      return {
        async put(bytes, options) {
          const path = nextPath()
          await writeFile(path, bytes)
          return await client.put(path, options)
        },
        async get(rootCid) {
          const path = nextPath()
          await client.get(rootCid, path)
          return new Uint8Array(await readFile(path))
        },
      }
    },
    close: () => rm(folder, { recursive: true, force: true }),
  }
})
