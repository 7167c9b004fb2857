import { rm } from 'node:fs/promises'
import { expect, test } from '@jest/globals'
import { newSigner, temporaryFolder } from '../../test/devnet.ts'
import { killRound } from '../../test/killed-node.ts'
import { createShadowNode } from '../../test/shadow-node.ts'
import { initChain, verifyChain } from '../main.ts'

const KILLS = Number(process.env.GRANARY_KILLS ?? 200)
/** Every other life may end while the node starts. */
const lives = { spawn: 3_000, payment: 500 } as const
const TIMEOUT_MS = 60 * 60_000

test(
  `${KILLS} kills at random instants, start-up included: no torn block, nothing lost, every app hash as without kills`,
  async () => {
    const home = await temporaryFolder()
    const shadow = createShadowNode()
    const to = newSigner().address
    let acknowledged = 0
    let grown = 0
    try {
      await initChain({ home, devnet: true, blockTimeMs: 10 })
      for (let kill = 0; kill < KILLS; kill++) {
        const before = shadow.height
        const from = kill % 2 === 0 ? 'payment' : 'spawn'
        const txs = await killRound({ home, to, lifeMs: Math.random() * lives[from], from })
        shadow.catchUp(
          home,
          txs.map(({ id }) => id),
        )
        acknowledged += txs.length
        if (shadow.height > before) grown += 1
      }
      // Else this was a test of starting alone.
      expect(grown).toBeGreaterThanOrEqual(KILLS / 2)
      expect(acknowledged).toBeGreaterThanOrEqual(KILLS / 4)
      expect(await verifyChain({ home })).toMatchObject({ height: shadow.height, blocks: shadow.height + 1 })
    } finally {
      shadow.close()
      await rm(home, { recursive: true })
    }
  },
  TIMEOUT_MS,
)
