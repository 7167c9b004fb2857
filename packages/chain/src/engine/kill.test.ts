import { rm } from 'node:fs/promises'
import { createChainClient, type TxView } from '@granary/protocol/client'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { newSigner, temporaryFolder } from '../../test/devnet.ts'
import { killRound } from '../../test/killed-node.ts'
import { createShadowNode } from '../../test/shadow-node.ts'
import { initChain, runChain, verifyChain } from '../main.ts'

const KILLS = 10
// Seconds on a quiet machine; a start takes longer than a life when others use it.
const TIMEOUT_MS = 180_000

let home: string

beforeEach(async () => {
  home = await temporaryFolder()
  await initChain({ home, devnet: true, blockTimeMs: 20 })
})

afterEach(() => rm(home, { recursive: true }))

test(
  'a node that is killed at any moment goes on at a block boundary, with every transaction it acknowledged',
  async () => {
    const acknowledged: TxView[] = []
    const to = newSigner().address
    const shadow = createShadowNode()
    for (let round = 0; round < KILLS; round += 1) {
      const txs = await killRound({ home, to, lifeMs: 100 + Math.random() * 150, from: 'payment' })
      acknowledged.push(...txs)
      shadow.catchUp(
        home,
        txs.map(({ id }) => id),
      )
    }
    shadow.close()

    const node = await runChain({ home, port: 0 })
    try {
      const chain = createChainClient({ url: node.url })
      for (const tx of acknowledged) expect(await chain.tx(tx.id)).toEqual(tx)
      expect(acknowledged.length).toBeGreaterThanOrEqual(KILLS / 5)
      const { height } = await chain.status()
      const received: unknown[] = []
      for await (const event of chain.events({ since: '0' })) {
        if (event.type === 'transfer' && event.to === to) received.push(event.id)
        if (event.type === 'block' && event.height === height) break
      }
      // One more a round may have been committed without its answer reaching anybody.
      expect(received.length).toBeGreaterThanOrEqual(acknowledged.length)
      expect(received.length).toBeLessThanOrEqual(acknowledged.length + KILLS)
      expect((await chain.account(to)).balance).toBe(String(received.length))
    } finally {
      await node.stop()
    }
    expect((await verifyChain({ home })).blocks).toBeGreaterThan(KILLS)
  },
  TIMEOUT_MS,
)
