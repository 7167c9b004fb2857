/** From the wish to publish a deal to its block, as a client has it: an idle chain with blocks of half a second. */
import { randomBytes, randomInt } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { runChain } from '@granary/chain/node'
import { pieceCidV2 } from '@granary/proofs/verify'
import { createChainClient, sendMessage } from '@granary/protocol/client'
import { accountSigner, type DealTerms, typedDealTerms } from '@granary/protocol/messages'
import { genesisHash } from '@granary/protocol/records'
import { type BenchOptions, type ChainFigure, figureOf } from './figure.ts'
import { withTemporaryHome } from './temporary-home.ts'

const DEALS = 15
const GRN = 10n ** 18n
const PIECE = { paddedSize: 2048, payloadSize: 2000 }

export async function benchPublish({ signal, onProgress }: BenchOptions = {}): Promise<ChainFigure> {
  onProgress?.(`publishing ${DEALS} deals`)
  return withTemporaryHome(async ({ home, genesis }) => {
    const node = await runChain({ home, port: 0 })
    try {
      const chain = createChainClient({ url: node.url })
      const [client, owner] = [accountSigner(randomBytes(32)), accountSigner(randomBytes(32))]
      await Promise.all([chain.faucet(client.address), chain.faucet(owner.address)])
      const body = {
        payout: owner.address,
        sessionKey: new Uint8Array(),
        endpoints: [],
        peerId: '',
        region: '',
        name: '',
      }
      const { events } = await sendMessage({ chain, signer: owner, kind: 'RegisterProvider', body })
      const provider = Number(events.find((event) => event.type === 'provider:registered')?.provider)
      await sendMessage({ chain, signer: owner, kind: 'DepositCollateral', body: { provider, amount: 100n * GRN } })

      const values: number[] = []
      for (let nonce = 1n; nonce <= BigInt(DEALS); nonce += 1n) {
        // Anywhere between two blocks.
        await setTimeout(randomInt(2 * genesis.blockTimeMs), undefined, signal === undefined ? {} : { signal })
        const { height } = await chain.status()
        const { params } = genesis
        const terms: DealTerms = {
          client: client.address,
          provider,
          pieceCid: pieceCidV2({ root: new Uint8Array(randomBytes(32)).with(31, 0), ...PIECE }),
          pieceSize: PIECE.paddedSize,
          payloadSize: PIECE.payloadSize,
          label: '',
          activateWithin: params.activateWithinMin + 1_000,
          duration: params.dealDurationMin,
          pricePerEpoch: 1_000n,
          providerCollateral: GRN / 100n,
          validUntil: height + 100,
          nonce,
        }
        const providerSignature = await owner.sign(typedDealTerms(genesisHash(genesis), terms))
        const startMs = performance.now()
        const deals = [{ terms, providerSignature }]
        await sendMessage({ chain, signer: client, kind: 'PublishDeal', body: { deals } })
        values.push(performance.now() - startMs)
      }
      return figureOf({ name: 'PublishDeal to its block, idle chain, median', unit: 'ms', must: 600 }, values)
    } finally {
      await node.stop()
    }
  })
}
