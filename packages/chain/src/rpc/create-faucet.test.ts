import { rmSync } from 'node:fs'
import type { Address } from '@granary/protocol/messages'
import { genesisHash } from '@granary/protocol/records'
import { expect, test } from '@jest/globals'
import { createCometNodes } from '../../test/comet-nodes.ts'
import { temporaryFolder } from '../../test/devnet.ts'
import { currentFees, readHead, readParams } from '../state/index.ts'
import { createFaucet } from './create-faucet.ts'

test('the faucets of several validators, which have one account, give at the same time', async () => {
  const folder = await temporaryFolder()
  const network = createCometNodes(folder, 3)
  try {
    const { genesis, rich: signer, nodes } = network
    const faucets = nodes.map(({ engine, store: { reader } }, validator) =>
      createFaucet({
        engine,
        signer,
        genesisHash: genesisHash(genesis),
        blockTimeMs: genesis.blockTimeMs,
        validator,
        fees: () => currentFees(reader, readParams(reader)),
        height: () => readHead(reader).height,
      }),
    )
    const to = (index: number): Address => `0x${`${index}${index}`.repeat(20)}`
    const granted = await Promise.all(faucets.map((faucet, index) => faucet.grant(to(index + 1))))
    await network.produce()
    for (const id of granted) expect(nodes[0]!.store.tx(id)).toMatchObject({ kind: 'Transfer', code: 'OK' })
  } finally {
    network.close()
    rmSync(folder, { recursive: true })
  }
})
