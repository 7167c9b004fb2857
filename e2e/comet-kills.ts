/** Rounds in which one validator of a network dies at some instant, by its application, by CometBFT or by both at once. */
import { setTimeout as sleep } from 'node:timers/promises'
import { sendMessage } from '@granary/protocol/client'
import { type Address, accountSigner, type Signer } from '@granary/protocol/messages'
import { expect } from '@jest/globals'
import type { Network, Victim } from './comet.ts'
import { createSeeded } from './seeded.ts'

export const RECEIVER: Address = `0x${'77'.repeat(20)}`
const VICTIMS: readonly Victim[] = ['application', 'comet', 'both']
/** Some blocks: it dies while it votes, executes, commits, or waits. */
const KILLED_WITHIN_MS = 1_500
const BLOCKS_MEANWHILE = 4

/** By the faucet of a validator. */
export async function fundedSigner({ validators }: Network, by = 0): Promise<Signer> {
  const signer = accountSigner(crypto.getRandomValues(new Uint8Array(32)))
  await validators[by]!.client.faucet(signer.address)
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

export async function killRounds(network: Network, { seed, rounds }: { seed: number; rounds: number }): Promise<void> {
  const chance = createSeeded(seed)
  const signer = await fundedSigner(network)
  const before = BigInt((await network.validators[0]!.client.account(RECEIVER)).balance)
  let sent = 0n
  for (let round = 0; round < rounds; round++) {
    const index = chance.below(network.validators.length)
    const what = VICTIMS[chance.below(VICTIMS.length)]!
    const afterMs = chance.below(KILLED_WITHIN_MS)
    const alive = (index + 1) % network.validators.length
    const [victim, survivor] = [network.validators[index]!, network.validators[alive]!]
    try {
      const sending = transfer(network, signer, alive)
      await Promise.all([sending, sleep(afterMs).then(() => victim.kill(what))])
      await network.grows(survivor, BLOCKS_MEANWHILE)
      const height = await transfer(network, signer, alive)
      sent += 2n
      if (what !== 'comet') await victim.start()
      await network.agree(height)
    } catch (error) {
      const how = `round ${round} of seed ${seed}: ${what} of validator ${index + 1} after ${afterMs} ms`
      throw new Error(how, { cause: error })
    }
  }
  for (const { client } of network.validators)
    expect(BigInt((await client.account(RECEIVER)).balance)).toBe(before + sent)
}
