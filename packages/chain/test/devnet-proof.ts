/** A proof in a block of a devnet: one that proves nothing, and fails where it stands. */
import { encodeTransaction, type Hash, type Transaction, transactionDigest } from '../src/messages/index.ts'
import { type Devnet, fundedSigner } from './devnet.ts'

/** @returns the id of the proof's transaction, once it is committed */
export async function commitProof({ chain }: Pick<Devnet, 'chain'>): Promise<Hash> {
  const signer = await fundedSigner(chain)
  const { genesisHash, height } = await chain.status()
  const envelope = { sender: signer.address, lane: 0, validUntil: height + 1_000, maxFee: 10n ** 18n }
  const sign = async (tx: Transaction): Promise<Uint8Array> =>
    encodeTransaction(tx, await signer.sign(transactionDigest(genesisHash, tx)))
  // Behind another of its lane, so that it is not tried before its block.
  const first = { ...envelope, kind: 'Transfer', sequence: 0, body: { to: signer.address, amount: 1n } } as const
  const bundle = new Uint8Array(100_000).fill(7)
  const proof = {
    ...envelope,
    kind: 'ProveCommitSector',
    sequence: 1,
    body: { provider: 1000, number: 0, bundle },
  } as const
  const [, { id }] = await Promise.all([chain.submit(await sign(first)), chain.submit(await sign(proof))])
  while ((await chain.tx(id)).code === 'PENDING') await new Promise((resolve) => setTimeout(resolve, 10))
  return id
}
