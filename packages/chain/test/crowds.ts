/** What attacks on a pool are made of: many who have money, and challenges that wait for their answer. */
import type { Address, Signer } from '@granary/protocol/messages'
import { tables } from '../src/state/store/tables.ts'
import { claimedSigner } from './pool-node.ts'
import { GRN, type TestChain } from './test-chain.ts'

const TO: Address = `0x${'77'.repeat(20)}`

export const accountAt = (index: number): Address => `0x${(index + 1).toString(16).padStart(40, '3')}`

export function transfer(chain: TestChain, signer: Signer, amount = 1n, maxFee: bigint = GRN / 1_000n): Uint8Array {
  return chain.sign(signer, 'Transfer', { to: TO, amount }, { maxFee })
}

/** Many accounts with money, whose signatures cost nothing. */
export function crowd(chain: TestChain, count: number, amount: bigint): Signer[] {
  const signers = Array.from({ length: count }, (_, index) => claimedSigner(accountAt(index)))
  chain.produce(
    signers.map(({ address }, lane) => chain.sign(chain.faucet, 'Transfer', { to: address, amount }, { lane })),
  )
  return signers
}

/** The next challenge of a partition, with what its right and a wrong answer are. */
export function challenged(chain: TestChain, provider: number, partition: number): void {
  for (let block = 0; tables.partitions.get(chain.state, provider, partition)!.challenge === undefined; block++) {
    if (block > 100) throw new Error('no challenge came')
    chain.produce()
  }
}
