/** Validators are restarted one after the other, while clients of each of them send: what one was told to be in a block is in it everywhere. */
import { sendMessage, type TxView } from '@granary/protocol/client'
import type { Signer } from '@granary/protocol/messages'
import { expect } from '@jest/globals'
import type { Network } from './comet.ts'
import { fundedSigner, RECEIVER, received } from './comet-kills.ts'

const CLIENTS_EACH = 4

interface Load {
  /** The next of each client is its last. @returns what was acknowledged */
  end(): Promise<TxView[]>
}

/** Each client sends one after the other through its validator, and waits for it while it is away. */
async function startLoad(network: Network): Promise<Load> {
  const state = { isOver: false }
  const acknowledged: TxView[] = []
  const { validators } = network
  const through = validators.flatMap((each) => Array.from({ length: CLIENTS_EACH }, () => each))
  const signers: Signer[] = []
  for (const _ of through) signers.push(await fundedSigner(network))
  const clients = through.map(async ({ client: chain }, at) => {
    const body = { to: RECEIVER, amount: 1n }
    while (!state.isOver)
      acknowledged.push(await sendMessage({ chain, signer: signers[at]!, kind: 'Transfer', body }, {}))
  })
  return {
    async end() {
      state.isOver = true
      await Promise.all(clients)
      return acknowledged
    },
  }
}

/** @returns how long each took to follow the head again, from when it was asked to start */
export async function rollingRestart(network: Network): Promise<number[]> {
  const { validators } = network
  const before = await received(validators[0]!.client)
  const load = await startLoad(network)
  const followedMs: number[] = []
  for (const [index, validator] of validators.entries()) {
    const other = validators[(index + 1) % validators.length]!
    await validator.stop()
    const startedAt = performance.now()
    await validator.start()
    // Of the others' head when it is there again: it has what was missed, and votes.
    await network.agree((await other.client.status()).height)
    followedMs.push(performance.now() - startedAt)
  }
  const acknowledged = await load.end()
  await network.agree(Math.max(...acknowledged.map(({ height }) => height!)))
  for (const { client } of validators) {
    for (const { id, height } of acknowledged) expect(await client.tx(id)).toMatchObject({ id, height, code: 'OK' })
    expect(await received(client)).toBe(before + BigInt(acknowledged.length))
  }
  expect(acknowledged.length).toBeGreaterThan(validators.length * CLIENTS_EACH)
  return followedMs
}
