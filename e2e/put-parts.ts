/** Puts the parts of a file at providers of a test's choice, with the verbs that a put consists of. */
import { toHex } from '@granary/base'
import {
  agreeDeal,
  askQuote,
  endpointOf,
  keepLoggedIn,
  login,
  publishDeal,
  uploadIdOf,
  uploadPiece,
} from '@granary/client'
import { contentSource, memoryPorts } from '@granary/client/memory'
import { pieceOf } from '@granary/content'
import type { DealTerms, Signer } from '@granary/protocol/messages'
import type { Market } from './story.ts'

const DURATION = 7_200
const READ_BYTES = 1 << 20

/**
 * @param placesOf numbers of the providers that are to have a part, by its index
 * @returns the root CID, when all deals are on the chain
 */
export async function putParts(
  { client: chain }: Market,
  account: Signer,
  bytes: Uint8Array<ArrayBuffer>,
  { pieceSizeMax, placesOf }: { readonly pieceSizeMax: number; readonly placesOf: (part: number) => readonly number[] },
): Promise<string> {
  const { spool, random } = memoryPorts({ chain, account })
  const { genesisHash, height } = await chain.status()
  const [{ forfeitEpochs }, { rewardPerGiBEpoch }] = await Promise.all([chain.params(), chain.supply()])
  const { rootCid, pieces } = await spool.read('draft', contentSource(bytes), { pieceSizeMax })
  await spool.keep('draft', rootCid)
  for (const [part, { pieceSize, payloadSize }] of pieces.entries()) {
    await using car = await spool.open(rootCid, part)
    const { pieceCid } = await pieceOf(chunksOf(car))
    for (const id of placesOf(part)) {
      const provider = await chain.provider(id)
      const endpoint = endpointOf(provider)!
      const asked = { provider, endpoint, genesisHash, client: account.address, pieceSize, duration: DURATION }
      const standing = { rewardPerGiBEpoch: BigInt(rewardPerGiBEpoch), forfeitEpochs }
      const { quoteId, activateWithin, pricePerEpoch, providerCollateral } = await askQuote({
        ...asked,
        standing,
        activateWithinMax: 1_000_000,
      })
      const token = keepLoggedIn(() => login({ endpoint, provider: id, genesisHash, signer: account }))
      const metadata = { pieceSize, rootCid, quoteId }
      const uploadUrl = await uploadPiece({ endpoint, source: car, metadata, token })
      const terms: DealTerms = {
        ...{ client: account.address, provider: id, pieceCid, pieceSize, payloadSize, rootCid, label: '' },
        ...{ activateWithin, duration: DURATION, pricePerEpoch, providerCollateral, validUntil: height + 1_000 },
        nonce: BigInt(toHex(random.bytes(8))),
      }
      const agreeing = { provider, endpoint, genesisHash, uploadId: uploadIdOf(uploadUrl), terms, token: await token() }
      const { providerSignature } = await agreeDeal(agreeing)
      await publishDeal({ chain, signer: account, genesisHash, terms, providerSignature })
    }
  }
  return rootCid
}

async function* chunksOf({
  size,
  read,
}: {
  readonly size: number
  read: (from: number, to: number) => Promise<Uint8Array>
}) {
  for (let at = 0; at < size; at += READ_BYTES) yield await read(at, Math.min(size, at + READ_BYTES))
}
