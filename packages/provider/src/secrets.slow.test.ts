/** Nothing that only its owner or a client knows is told to anybody else: not in the log, of any level, nor in an answer or an error. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { openKey } from '@granary/chain/keystore'
import { initChain, runChain } from '@granary/chain/node'
import { createChainClient } from '@granary/protocol/client'
import { expect, test } from '@jest/globals'
import { randomCar, TestClient, temporaryHome } from '../test/market-kit.ts'
import { changeConfig } from './config.ts'
import { adminOperations } from './http/admin-operations.ts'
import { initProvider, runProvider } from './main.ts'

const passphrase = 'SECRET-passphrase'
const redis = 'redis://SECRET-user:SECRET-redis@127.0.0.1:1?password=SECRET-too'

/** As a key could be written by mistake. */
function spellings(key: Uint8Array): string[] {
  const bytes = Buffer.from(key)
  return [bytes.toString('hex'), bytes.toString('base64'), bytes.toString('base64url'), bytes.join(',')]
}

test('no key, passphrase, token or password is in the log, in what is answered or in an error', async () => {
  const root = await temporaryHome()
  await initChain({ home: root.home, devnet: true, blockTimeMs: 200 })
  const node = await runChain({ home: root.home, port: 0 })
  const told: string[] = []
  const tell = (what: unknown): void => {
    told.push(inspect(what, { depth: null, showHidden: true }), String(what), JSON.stringify(what) ?? '')
  }
  const hook = createServer((_, response) => response.writeHead(500).end())
  hook.listen(0, '127.0.0.1')
  await once(hook, 'listening')
  const called = once(hook, 'request')
  const home = join(root.home, 'a')
  const folder = join(home, 'provider')
  const config = join(folder, 'config.json')
  const options = { home, cacheHome: join(root.home, 'cache'), port: 0, libp2pPort: 0, sealAfterMs: 0, log: tell }
  try {
    await initProvider({ home, chainUrl: node.url, profile: '2KiB-test', passphrase, light: true })
    const { port } = hook.address() as AddressInfo
    await changeConfig(config, { alertsUrl: `http://127.0.0.1:${port}/SECRET-path?key=SECRET-query` })
    tell(await runProvider({ ...options, passphrase: 'SECRET-guess' }).catch((error: unknown) => error))
    tell(await runProvider({ ...options, passphrase, redisUrl: redis }).catch((error: unknown) => error))
    const provider = await runProvider({ ...options, passphrase })

    const { genesisHash } = await createChainClient({ url: node.url }).status()
    const client = new TestClient(provider.url, { provider: provider.providerId, genesisHash })
    await createChainClient({ url: node.url }).faucet(client.signer.address)
    await client.logIn()
    const car = await randomCar(1_000)
    await client.upload(car.bytes, car, await client.quote(car.pieceSize))
    const ask = async (url: string, init: RequestInit = {}): Promise<void> => {
      const response = await fetch(url, init)
      told.push(await response.text(), JSON.stringify([...response.headers]))
    }
    const guess = { authorization: 'Bearer SECRET-token', 'content-type': 'application/json' }
    for (const path of ['/v1/info', '/healthz', '/readyz', '/openapi.json', '/v1/uploads/0', '/nothing'])
      await ask(provider.url + path, { headers: guess })
    for (const [path, body] of [
      ['/v1/deals', '{}'],
      ['/v1/uploads', ''],
      ['/v1/auth', '{"client":1}'],
    ])
      await ask(`${provider.url}${path}`, { method: 'POST', headers: guess, body: body! })

    // What is wrong in the file, and what of it changes, is said without it.
    await changeConfig(config, { 'sealing.redis': redis })
    await provider.reload()
    await changeConfig(config, { 'ask.pieceSizeMax': 4096 })
    tell(await provider.reload().catch((error: unknown) => error))
    await called

    const { url, token } = JSON.parse(await readFile(join(folder, 'admin.json'), 'utf8'))
    for (const headers of [guess, { authorization: `Bearer ${token}` }])
      for (const path of ['/metrics', '/openapi.json', ...adminPaths()]) await ask(url + path, { headers })
    await provider.stop()

    const keys = await Promise.all(
      ['keystore.json', 'session.json'].map(async (name) => {
        const path = join(folder, name)
        return await openKey(path, await readFile(path, 'utf8'), passphrase)
      }),
    )
    const peerKey = await readFile(join(folder, 'peer.key'))
    const secrets = ['SECRET', token, client.authorization.authorization, ...[...keys, peerKey].flatMap(spellings)]
    expect(told.length).toBeGreaterThan(50)
    for (const secret of secrets)
      expect(told.filter((text) => text.includes(secret.replace('Bearer ', '')))).toEqual([])
  } finally {
    hook.closeAllConnections()
    hook.close()
    await node.stop()
    await root.remove()
  }
})

function adminPaths(): string[] {
  return adminOperations.flatMap(({ method, path }) =>
    method === 'get' && !path.includes(':') && !path.includes('{') ? [path] : [],
  )
}
