/** A proof in a block of a devnet: one that proves nothing, and fails where it stands. */
import { GranaryError } from '@granary/base'
import { encodeTransaction, type Hash, type Transaction, typedTransaction } from '@granary/protocol/messages'
import { type Devnet, fundedSigner } from './devnet.ts'

/** @returns the id of the proof's transaction, once it is committed */
export async function commitProof({ chain }: Pick<Devnet, 'chain'>): Promise<Hash> {
  const signer = await fundedSigner(chain)
  const { genesisHash, height } = await chain.status()
  const sign = async (tx: Transaction): Promise<Uint8Array> =>
    encodeTransaction(tx, await signer.sign(typedTransaction(genesisHash, tx)))
  const body = { provider: 1000, number: 0, bundle: new Uint8Array(100_000).fill(7) }
  for (let sequence = 0; ; sequence += 1) {
    const envelope = { sender: signer.address, lane: 0, validUntil: height + 1_000, maxFee: 10n ** 18n }
    const transfer = { to: signer.address, amount: 1n }
    await chain.submit(await sign({ ...envelope, kind: 'Transfer', sequence, body: transfer }))
    try {
      // Behind another of its lane it is not tried before its block; unless that block has just come.
      const { id } = await chain.submit(
        await sign({ ...envelope, kind: 'ProveCommitSector', sequence: sequence + 1, body }),
      )
      while ((await chain.tx(id)).code === 'PENDING') await new Promise((resolve) => setTimeout(resolve, 10))
      return id
    } catch (error) {
      if (!GranaryError.is(error) || error.code !== 'PROVIDER_NOT_FOUND') throw error
    }
  }
}
