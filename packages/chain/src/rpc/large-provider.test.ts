/** A provider with more sectors than fit into one answer: it reads what it has to prove, and no answer grows with them. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ChainClient, createChainClient } from '@granary/protocol/client'
import { mount } from '@granary/protocol/http'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import express from 'express'
import { createTestChain, fund, registerProvider, type TestChain } from '../../test/test-chain.ts'
import { PROFILE } from '../../test/test-sealer.ts'
import type { Engine } from '../engine/engine.ts'
import { createOverlay } from '../state/store/store.ts'
import { tables } from '../state/store/tables.ts'
import type { Store } from '../store/open-store.ts'
import { answerRpcErrors } from './answer-errors.ts'
import { nameChain } from './name-chain.ts'
import { stateRoutes } from './routes/state.ts'

const PARTITIONS = 100
const MEMBERS = 1_000
/** Of one answer: what a client reads at most is eight times as much. */
const ANSWER_BYTES_MAX = 1 << 20
const FAULTY = 7

let chain: TestChain
let provider: number
let server: Server
let client: ChainClient
let answered: { path: string; bytes: number }[]

beforeAll(async () => {
  chain = createTestChain({ recounts: false })
  provider = registerProvider(chain, fund(chain, 3))
  chain.advance(4)
  writePartitions()
  // Of all that a node has, its state is enough here.
  const store = { reader: chain.state, head: () => ({ height: chain.height }) } as unknown as Store
  const routes = stateRoutes({ engine: {} as Engine, store, genesis: chain.genesis, version: '0' })
  const app = express().use(nameChain(chain.genesisHash, () => chain.height))
  mount(app, routes)
  app.use(
    answerRpcErrors(
      () => {},
      () => ({ height: chain.height, timeMs: 0, blockTimeMs: 500 }),
    ),
  )
  server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  answered = []
  client = createChainClient({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fetch: async (input, init) => {
      const response = await fetch(input, init)
      const bytes = await response.clone().arrayBuffer()
      answered.push({ path: new URL(String(input)).pathname, bytes: bytes.byteLength })
      return response
    },
  })
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

/** As the state machine would have written them, all of one kind; every partition is challenged. */
function writePartitions(): void {
  const overlay = createOverlay(chain.state)
  for (let partition = 0; partition < PARTITIONS; partition++) {
    for (let position = 0; position < MEMBERS; position++) {
      const number = partition * MEMBERS + position
      const commR = new Uint8Array(32).fill(number % 251)
      const leftAt = position === FAULTY ? 3 : 0
      tables.members.put(overlay, provider, partition, position, {
        ...{ number, commR, joinedAt: 1, leftAt, expiry: 9_000, pay: 1n },
      })
    }
    const challenge = { epoch: 3, frozenAt: 2, openedAt: 3, deadline: 50 }
    tables.partitions.put(overlay, provider, partition, {
      ...{ profile: PROFILE, slot: partition, deposit: 0n, sectors: MEMBERS, reserved: 0, sound: MEMBERS - 1 },
      ...{ power: 0, rewardIndex: 0n, unearned: 0n, nextPosition: MEMBERS, firstExpiry: 9_000, retired: false },
      ...{ challenge, redraw: undefined, closedEpoch: 2, closedFrozenAt: 1, unreached: 0, missedFrozenAt: 0 },
      ...{ requestedAt: undefined, recovery: undefined, recoveryBarredUntil: 0 },
    })
  }
  chain.state.commit(overlay.writes())
}

test('a provider with a hundred partitions of a thousand sectors reads all its challenges', async () => {
  const open = await client.challenges(provider)
  expect(open).toHaveLength(PARTITIONS)
  const challenge = await client.challenge({ provider, partition: 93 }, 'post')
  expect(challenge).toMatchObject({ partition: 93, kind: 'post', epoch: 3, deadline: 50, profile: PROFILE })
  // The list is the one that was frozen: the sector that has left it since is in it.
  expect(challenge.sectors.map(({ number }) => number)).toEqual(Array.from({ length: MEMBERS }, (_, at) => 93_000 + at))
})

test('what is said of a partition does not grow with its sectors, and lists come in parts', async () => {
  const partitions = await client.partitions(provider)
  expect(partitions).toHaveLength(PARTITIONS)
  expect(partitions[5]).toMatchObject({ number: 5, sectors: MEMBERS, sound: MEMBERS - 1, challenge: { epoch: 3 } })
  expect(JSON.stringify(await client.partition(provider, 5)).length).toBeLessThan(400)
  const members = await Array.fromAsync(client.members({ provider, partition: 5 }))
  // One that is in no sector record is over.
  expect(members).toHaveLength(MEMBERS - 1)
  expect(members.map(({ number }) => number)).toEqual(members.map(({ position }) => 5_000 + position))
})

test('what is not there is said by its name', async () => {
  await expect(client.partition(provider, PARTITIONS)).rejects.toMatchObject({ code: 'PARTITION_NOT_FOUND' })
  const recovery = client.challenge({ provider, partition: 1 }, 'recovery')
  await expect(recovery).rejects.toMatchObject({ code: 'CHALLENGE_NOT_OPEN' })
  expect(await client.challenges(provider + 1)).toEqual([])
})

test('no answer is larger than a client takes', () => {
  expect(answered.filter(({ bytes }) => bytes > ANSWER_BYTES_MAX)).toEqual([])
  expect(answered.length).toBeGreaterThan(5)
})
