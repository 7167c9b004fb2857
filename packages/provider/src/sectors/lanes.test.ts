import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { createChainClient } from '@granary/protocol/client'
import { accountSigner } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { temporaryHome } from '../../test/market-kit.ts'
import { startDevnet } from '../../test/start-devnet.ts'
import { createOutbox } from '../chain/outbox.ts'
import { openStore } from '../storage/open-store.ts'
import { createLanes, postLane, requestLane } from './lanes.ts'

test('all but proofs is written down before it leaves, requests about a partition too', async () => {
  const root = await temporaryHome()
  const devnet = await startDevnet(root.home)
  const db = openStore(join(root.home, 'outbox.sqlite'))
  try {
    const chain = createChainClient({
      url: devnet.chain.url,
      fetch: async (url, init) => {
        if (new URL(String(url)).pathname === '/v1/txs') throw new TypeError('the line is cut')
        return await fetch(url, init)
      },
    })
    const signer = accountSigner(new Uint8Array(randomBytes(32)))
    const outbox = createOutbox({ db, chain, log: () => {} })
    const lanes = createLanes({ chain, signer, outbox })
    const place = { provider: 1000, partition: 0 }
    const soon = () => ({ signal: AbortSignal.timeout(500) })
    const proof = { ...place, challengeEpoch: 24, skipped: [], bundle: new Uint8Array(1) }
    await expect(lanes.send(postLane(0), 'SubmitPost', proof, soon())).rejects.toThrow()
    expect(outbox.count()).toBe(0)
    await expect(lanes.send(requestLane(0), 'DeclareFaults', { ...place, sectors: [3] }, soon())).rejects.toThrow()
    expect(outbox.count()).toBe(1)
    await expect(lanes.send(requestLane(0), 'RequestRecovery', { ...place, sectors: [3] }, soon())).rejects.toThrow()
    expect(outbox.count()).toBe(2)
  } finally {
    db.close()
    await devnet.stop()
    await root.remove()
  }
})
