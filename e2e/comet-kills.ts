/** One validator of a network dies, at some instant or at a known point of a block, by its application, by CometBFT or by both at once. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type ChainClient, sendMessage } from '@granary/protocol/client'
import { type Address, accountSigner, type Signer } from '@granary/protocol/messages'
import { expect } from '@jest/globals'
import type { AbciPoint } from '../packages/chain/test/abci-relay.ts'
import type { Network, Victim } from './comet.ts'
import type { RelayedNetwork } from './relayed-comet.ts'
import { createSeeded } from './seeded.ts'

export const RECEIVER: Address = `0x${'77'.repeat(20)}`
const VICTIMS: readonly Victim[] = ['application', 'comet', 'both']
/** Some blocks: it dies while it votes, executes, commits, or waits. */
const KILLED_WITHIN_MS = 1_000

/** By the faucet of a validator; the others know of it. */
export async function fundedSigner({ validators, agree }: Network, by = 0): Promise<Signer> {
  const signer = accountSigner(crypto.getRandomValues(new Uint8Array(32)))
  const { height } = await validators[by]!.client.faucet(signer.address)
  await agree(height)
  return signer
}

/** One unit to the receiver, through a validator; resolves when it is in a block there. */
export async function transfer(network: Network, signer: Signer, through: number): Promise<number> {
  const { client: chain } = network.validators[through]!
  const body = { to: RECEIVER, amount: 1n }
  const { code, height } = await sendMessage({ chain, signer, kind: 'Transfer', body }, {})
  expect(code).toBe('OK')
  return height
}

export async function received(client: ChainClient): Promise<bigint> {
  return BigInt((await client.account(RECEIVER)).balance)
}

export async function killRounds(network: Network, { seed, rounds }: { seed: number; rounds: number }): Promise<void> {
  const chance = createSeeded(seed)
  const signer = await fundedSigner(network)
  const before = await received(network.validators[0]!.client)
  for (let round = 0; round < rounds; round++) {
    const index = chance.below(network.validators.length)
    const what = VICTIMS[chance.below(VICTIMS.length)]!
    const afterMs = chance.below(KILLED_WITHIN_MS)
    const alive = (index + 1) % network.validators.length
    const victim = network.validators[index]!
    try {
      const sending = transfer(network, signer, alive)
      await Promise.all([sending, sleep(afterMs).then(() => victim.kill(what))])
      const [height] = await Promise.all([
        transfer(network, signer, alive),
        what === 'comet' ? undefined : victim.start(),
      ])
      await network.agree(height)
    } catch (error) {
      const how = `round ${round} of seed ${seed}: ${what} of validator ${index + 1} after ${afterMs} ms`
      throw new Error(how, { cause: error })
    }
  }
  for (const { client } of network.validators) expect(await received(client)).toBe(before + 2n * BigInt(rounds))
}

export interface Crash extends AbciPoint {
  readonly victim: Victim
  /** And once more at that point when it has come back and is told of the block again. @default false */
  readonly twice?: boolean
}

/** One after the other, each of another validator. Meanwhile a message waits for the one that is away, and is sent again by its client. */
export async function crashes(network: RelayedNetwork, wanted: readonly Crash[]): Promise<void> {
  const { validators, relays } = network
  const [direct, waiting] = [await fundedSigner(network), await fundedSigner(network)]
  const { client } = validators[0]!
  const [before, { height: from }] = [await received(client), await client.status()]
  let height = from
  for (const [round, crash] of wanted.entries()) {
    const index = round % validators.length
    const alive = (index + 1) % validators.length
    const { victim: what, twice = false } = crash
    const victim = validators[index]!
    const dies = (): Promise<void> => relays[index]!.reached(crash).then(() => victim.kill(what))
    try {
      const death = dies()
      const sent = [transfer(network, direct, alive), transfer(network, waiting, index)]
      // It is asked where it stands when it starts, and at no other time.
      if (crash.call === 'info') await victim.kill('comet')
      await death
      if (twice) {
        const again = dies()
        if (what !== 'comet') await victim.start()
        await again
      }
      if (what !== 'comet') await victim.start()
      height = Math.max(...(await Promise.all(sent)))
      await network.agree(height)
    } catch (error) {
      const where = `${crash.call} is ${crash.moment}${twice ? ', twice' : ''}`
      throw new Error(`validator ${index + 1}: ${what}, when ${where}`, { cause: error })
    }
  }
  for (const each of validators) expect(await received(each.client)).toBe(before + 2n * BigInt(wanted.length))
  await sameHistory(network, from, height)
}

/** Every block, with what became of its messages, and every event: also what no app hash holds is there once on each. */
export async function sameHistory({ validators }: Network, from: number, to: number): Promise<void> {
  const [first, ...others] = await Promise.all(validators.map(({ client }) => historyOf(client, from, to)))
  for (const other of others) expect(other).toEqual(first)
}

async function historyOf(client: ChainClient, from: number, to: number): Promise<unknown> {
  const blocks: unknown[] = []
  for (let height = from; height <= to; height++) {
    const { hash, header, headerBytes, txs } = await client.block(height)
    blocks.push({ hash, header, headerBytes, txs })
  }
  const events: unknown[] = []
  for await (const event of client.events({ since: `${from - 1}` })) {
    if (event.height > to) break
    events.push(event)
  }
  return { blocks, events }
}
