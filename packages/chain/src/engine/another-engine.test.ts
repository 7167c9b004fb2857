import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ChainClient, createChainClient, sendMessage } from '@granary/protocol/client'
import { createLightClient } from '@granary/protocol/light'
import { type Address, accountSigner } from '@granary/protocol/messages'
import { type Genesis, genesisHash } from '@granary/protocol/records'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createVotingEngine, publicKeysOf, type VotingEngine, votesVerifier } from '../../test/voting-engine.ts'
import { addressesThatCount, addressLimits } from '../rpc/address-limits.ts'
import { type App, createApp } from '../rpc/create-app.ts'
import { type Listening, listen } from '../rpc/listen.ts'
import { createNodeMetrics } from '../rpc/node-metrics.ts'
import { beaconKeyFrom, beaconPublicKey, devnetGenesis } from '../state/index.ts'
import { dealKeys } from '../store/deal-keys.ts'
import { openStore, type Store } from '../store/open-store.ts'

const rich = accountSigner(new Uint8Array(randomBytes(32)))
const to: Address = `0x${'22'.repeat(20)}`

let folder: string
let stores: Store[]
let genesis: Genesis
let voting: VotingEngine
let app: App
let listening: Listening
let chain: ChainClient
let blocks: NodeJS.Timeout

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'granary-voting-'))
  stores = [1, 2, 3].map((node) => openStore({ path: join(folder, `${node}.sqlite`), dealKeys }))
  const validatorKeys = stores.map(() => new Uint8Array(randomBytes(32)))
  const beaconKey = beaconKeyFrom(randomBytes(48))
  const validators = publicKeysOf(validatorKeys)
  const [validator, ...otherValidators] = validators
  const base = {
    validator: validator!,
    otherValidators,
    beaconPublicKey: beaconPublicKey(beaconKey),
    faucet: rich.address,
  }
  genesis = devnetGenesis({ ...base, timeMs: Date.now(), blockTimeMs: 50 })
  voting = createVotingEngine({ genesis, beaconKey, validatorKeys, stores })
  const { engine } = voting
  const store = stores[0]!
  const metrics = createNodeMetrics({
    height: () => store.head()?.height ?? 0,
    mempoolTxs: () => 0,
    isHalted: () => false,
    isStalled: () => false,
    clock: () => engine.clock,
  })
  const limits = addressLimits({})
  const addressOf = addressesThatCount(limits)
  const log = (): void => undefined
  app = createApp({ engine, store, genesis, faucet: undefined, version: '', metrics, limits, addressOf, log })
  listening = await listen(app.handler, '127.0.0.1', 0, { connections: limits.connections, addressOf })
  chain = createChainClient({ url: listening.url })
  blocks = setInterval(voting.produce, 50)
})

afterAll(async () => {
  clearInterval(blocks)
  app.close()
  await listening.close()
  for (const store of stores) store.close()
  rmSync(folder, { recursive: true })
})

test('validators that vote stand behind the same admission, committing and RPC', async () => {
  for (const amount of [3n, 4n]) await sendMessage({ chain, signer: rich, kind: 'Transfer', body: { to, amount } })
  expect((await chain.account(to)).balance).toBe('7')
  const { height } = stores[0]!.head()!
  const hashes = stores.map((store) => store.block(height - 1)?.appHash)
  expect(new Set(hashes).size).toBe(1)
})

test('a light client believes their votes, and no header with too few of them', async () => {
  // The header of a block names the state before it.
  voting.produce()
  const light = createLightClient({ chain, headers: voting.headers })
  expect((await light.account(to)).value?.balance).toBe(7n)
  const stranger = publicKeysOf([new Uint8Array(randomBytes(32))])[0]!
  const others = [genesis.validators[0]!, stranger, stranger]
  const misled = createLightClient({ chain, headers: votesVerifier(genesisHash(genesis), others) })
  await expect(misled.account(to)).rejects.toMatchObject({ code: 'HEADER_NOT_SIGNED' })
})
