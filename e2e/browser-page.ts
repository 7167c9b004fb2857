/** What a page does with the client's main entry: browser.slow.test.ts bundles this for a real browser. */

import {
  agreeDeal,
  blobSource,
  chooseProvider,
  followDeal,
  keepLoggedIn,
  login,
  publishDeal,
  requestQuote,
  uploadIdOf,
  uploadPiece,
} from '@granary/client'
import { importFile, pieceOf, verifiedFile, writeCar } from '@granary/content'
import { createChainClient } from '@granary/protocol/client'
import { accountSigner } from '@granary/protocol/messages'
import { MemoryBlockstore } from 'blockstore-core'

const DAY_MS = 86_400_000

export interface Stored {
  readonly rootCid: string
  readonly endpoint: string
  readonly dealId: number
  readonly steps: readonly string[]
}

export async function put(chainUrl: string, key: Uint8Array, file: Blob, duration: number): Promise<Stored> {
  const chain = createChainClient({ url: chainUrl })
  const signer = accountSigner(key)
  const store = new MemoryBlockstore()
  const root = await importFile(chunksOf(file.stream()), store)
  const parts: Uint8Array<ArrayBuffer>[] = []
  for await (const part of writeCar(root, store)) parts.push(part.slice())
  const car = new Blob(parts)
  const { pieceCid, pieceSize, payloadSize } = await pieceOf(chunksOf(car.stream()))

  const { height, blockTimeMs, genesisHash } = await chain.status()
  const { view: provider, endpoint } = await chooseProvider({ chain, wanted: { pieceSize, duration } })
  const activateWithinMax = Math.ceil(DAY_MS / blockTimeMs)
  const client = signer.address
  const quote = await requestQuote({ provider, endpoint, genesisHash, client, pieceSize, duration, activateWithinMax })
  const token = keepLoggedIn(() => login({ endpoint, provider: provider.id, genesisHash, signer }))
  const rootCid = root.toString()
  const metadata = { pieceCid, pieceSize, rootCid, quoteId: quote.quoteId }
  const uploadUrl = await uploadPiece({ endpoint, source: blobSource(car), metadata, token })
  const { pricePerEpoch, providerCollateral, activateWithin } = quote
  const terms = {
    ...{ client, provider: provider.id, pieceCid, pieceSize, payloadSize, rootCid, label: 'from a page' },
    ...{ activateWithin, duration, pricePerEpoch, providerCollateral, validUntil: height + 1_000, nonce: 1n },
  }
  const uploadId = uploadIdOf(uploadUrl)
  const agreed = await agreeDeal({ provider, endpoint, genesisHash, uploadId, terms, token: await token() })
  const { providerSignature } = agreed
  const { id: dealId } = await publishDeal({ chain, signer, genesisHash, terms, providerSignature })
  const steps: string[] = []
  for await (const entry of followDeal({ endpoint, deal: agreed.agreementId })) {
    steps.push(entry.type)
    if (entry.type === 'active') break
  }
  return { rootCid, endpoint, dealId, steps }
}

/** Every block verified on its way. @returns SHA-256 of the file, hex */
export async function get({ endpoint, rootCid }: Stored): Promise<string> {
  const response = await fetch(`${endpoint}/ipfs/${rootCid}?format=car`)
  const parts: Uint8Array<ArrayBuffer>[] = []
  for await (const part of verifiedFile(rootCid, chunksOf(response.body!))) parts.push(part.slice())
  const digest = await crypto.subtle.digest('SHA-256', await new Blob(parts).arrayBuffer())
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Not every browser's streams can be iterated over. */
async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    yield value
  }
}
