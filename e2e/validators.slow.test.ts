/** Validators of a real network change: one is bonded and takes part, is silent, and comes back. */
import { fromHex } from '@granary/base'
import { sendMessage } from '@granary/protocol/client'
import { cometHeaderVerifier } from '@granary/protocol/comet'
import type { Signer } from '@granary/protocol/messages'
import { afterAll, beforeAll, expect } from '@jest/globals'
import { BOND, type BondedNetwork, startBondedNetwork } from './bonded-network.ts'
import { cometCanBeBuilt, type Validator } from './comet.ts'
import { BUILD_MS_MAX } from './go-program.ts'
import { createWorkbench, type Workbench } from './harness.ts'
import { eventually } from './kept-provider.ts'
import { withComet } from './with-comet.ts'

const TEST_MS_MAX = 300_000

let bench: Workbench
let bonded: BondedNetwork
let owner: Signer
let joined: Validator

beforeAll(async () => {
  bench = createWorkbench()
  if (cometCanBeBuilt) bonded = await startBondedNetwork(bench)
}, BUILD_MS_MAX)
afterAll(async () => {
  await Promise.all([bonded?.network.stop(), joined?.stop()])
  await bench.close()
}, TEST_MS_MAX)

withComet(
  'a validator that is bonded takes part, and a light client follows the set from the genesis to it',
  async () => {
    joined = await bonded.join('joined')
    owner = await bonded.bond()
    await eventually('the new validator votes', TEST_MS_MAX, bonded.votes)
    expect(await bonded.standing()).toMatchObject({ power: 10, jailed: 'no', bond: String(BOND) })

    const { client: chain } = bonded.network.validators[0]!
    const [{ genesisHash, height }, { validators, timeMs }] = await Promise.all([chain.status(), chain.genesis()])
    const headers = cometHeaderVerifier({ genesisHash, trusted: { validators, timeMs }, chain })
    const { headerBytes, signature } = await chain.block(height - 1)
    const verified = await headers.verify({ bytes: fromHex(headerBytes), signature: fromHex(signature) })
    expect(verified?.height).toBe(height - 1)
  },
  TEST_MS_MAX,
)

withComet(
  'one that is silent is jailed, and comes back by Unjail',
  async () => {
    const { network, publicKey: validator } = bonded
    await joined.stop()
    await eventually('it is jailed', TEST_MS_MAX, async () => (await bonded.standing()).jailed === 'silent')
    const { power, bond, jailedUntil } = await bonded.standing()
    expect([power, bond]).toEqual([0, String(BOND)])
    await joined.start()
    await network.agree(jailedUntil!)
    const { client: chain } = network.validators[0]!
    const unjail = { chain, signer: owner, kind: 'Unjail', body: { validator } } as const
    expect((await sendMessage(unjail)).code).toBe('OK')
    await eventually('it votes again', TEST_MS_MAX, bonded.votes)
  },
  TEST_MS_MAX,
)
