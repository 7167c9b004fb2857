import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { temporaryHome } from '../test/market-kit.ts'
import { askProvider, writeAdminAccess } from './admin-access.ts'
import { getStatus } from './http/admin-operations.ts'

test('a provider that runs and is slow is not taken for one that does not run', async () => {
  const root = await temporaryHome()
  const server = createServer(() => {}).listen(0, '127.0.0.1')
  try {
    await once(server, 'listening')
    const path = join(root.home, 'admin.json')
    const { port } = server.address() as AddressInfo
    await writeAdminAccess(path, { url: `http://127.0.0.1:${port}`, token: 'x' })
    const asked = askProvider(path, getStatus, { timeoutMs: 50 })
    await expect(asked).rejects.toMatchObject({ code: 'PROVIDER_UNREACHABLE' })
  } finally {
    server.closeAllConnections()
    server.close()
    await root.remove()
  }
})
