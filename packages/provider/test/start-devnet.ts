/** A real chain node in this process, with short periods, and what a test needs to use it: a provider and published deals. */
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { initChain, runChain } from '@granary/chain/node'
import { createPieceHasher } from '@granary/proofs/piece'
import type { Profile } from '@granary/proofs/profile'
import { pieceCidV2 } from '@granary/proofs/verify'
import { type ChainClient, createChainClient, sendMessage } from '@granary/protocol/client'
import { accountSigner, type DealTerms, type Signer, sessionSigner, typedDealTerms } from '@granary/protocol/messages'
import type { PlaceableDeal } from '../src/sectors/port.ts'

export interface Devnet {
  readonly chain: ChainClient
  stop(): Promise<void>
  /** The same chain again, at the same address. */
  restart(): Promise<void>
}

export interface TestProvider {
  readonly id: number
  readonly owner: Signer
  readonly session: Signer
}

const BLOCK_TIME_MS = 100
const GRN = 10n ** 18n

/** A period of two seconds, so that a test sees challenges, and sectors that end. */
const shortParams = {
  provingPeriod: '20',
  cutoff: '2',
  seedDelay: '5',
  commitExpiry: '100',
  dealDurationMin: '10',
  activateWithinMin: '10',
}

/** @param params others than the short ones */
export async function startDevnet(
  home: string,
  params: Readonly<Record<string, string>> = {},
  blockTimeMs: number = BLOCK_TIME_MS,
): Promise<Devnet> {
  await initChain({ home, devnet: true, blockTimeMs })
  const path = join(home, 'chain', 'genesis.json')
  const genesis = JSON.parse(await readFile(path, 'utf8')) as { params: object }
  await writeFile(path, JSON.stringify({ ...genesis, params: { ...genesis.params, ...shortParams, ...params } }))
  let node = await runChain({ home, port: 0 })
  const { url } = node
  return {
    chain: createChainClient({ url }),
    stop: () => node.stop(),
    restart: async () => {
      await node.stop()
      node = await runChain({ home, port: Number(new URL(url).port) })
    },
  }
}

export async function registerProvider(
  chain: ChainClient,
  profile: Pick<Profile, 'name' | 'sectorBytes'>,
): Promise<TestProvider> {
  const owner = accountSigner(new Uint8Array(randomBytes(32)))
  const session = sessionSigner(new Uint8Array(randomBytes(32)), owner.address)
  await chain.faucet(owner.address)
  const registration = {
    payout: owner.address,
    sessionKey: session.publicKey,
    endpoints: ['http://127.0.0.1:1'],
    peerId: '',
    region: '',
    name: 'test',
  }
  const { events } = await sendMessage({ chain, signer: owner, kind: 'RegisterProvider', body: registration })
  const id = Number(events.find((event) => event.type === 'provider:registered')?.provider)
  const collateral = { provider: id, amount: 100n * GRN }
  await sendMessage({ chain, signer: owner, kind: 'DepositCollateral', body: collateral })
  const ask = {
    provider: id,
    pricePerGiBEpoch: 1n,
    pieceSizeMin: 128,
    pieceSizeMax: profile.sectorBytes,
    collateralShareMaxBps: 10_000,
    durationMin: 10,
    durationMax: 100_000,
    profiles: [profile.name],
    validUntil: 1_000_000,
  }
  await sendMessage({ chain, signer: owner, kind: 'SetAsk', body: ask })
  return { id, owner, session }
}

export interface PublishInput {
  readonly chain: ChainClient
  readonly provider: TestProvider
  readonly client: Signer
  readonly folder: string
  readonly payload: Uint8Array
  readonly duration: number
  /** Epochs in which it has to be proven. @default 1,000 */
  readonly activateWithin?: number
}

export type PublishedDeal = PlaceableDeal & { readonly path: string }

/** A deal on the chain whose piece lies on disk. */
export async function publishDeal(input: PublishInput): Promise<PublishedDeal> {
  const { chain, provider, client, folder, payload, duration, activateWithin = 1_000 } = input
  const hasher = createPieceHasher()
  hasher.write(payload)
  const commitment = hasher.digest()
  const pieceCid = pieceCidV2(commitment)
  await mkdir(folder, { recursive: true })
  const path = join(folder, `${pieceCid}.car`)
  await writeFile(path, payload)
  const { genesisHash, height } = await chain.status()
  const terms: DealTerms = {
    client: client.address,
    provider: provider.id,
    pieceCid,
    pieceSize: commitment.paddedSize,
    payloadSize: payload.length,
    label: '',
    activateWithin,
    duration,
    pricePerEpoch: GRN / 1_000n,
    providerCollateral: GRN,
    validUntil: height + 1_000,
    nonce: randomBytes(8).readBigUInt64BE(),
  }
  const providerSignature = await provider.owner.sign(typedDealTerms(genesisHash, terms))
  const deals = [{ terms, providerSignature }]
  const tx = await sendMessage({ chain, signer: client, kind: 'PublishDeal', body: { deals } })
  const dealId = Number(tx.events.find((event) => event.type === 'deal:published')?.deal)
  const { agreementId, publishedAt } = await chain.deal(dealId)
  return {
    dealId,
    agreementId,
    pieceCid,
    path,
    payloadSize: payload.length,
    paddedSize: commitment.paddedSize,
    publishedAt,
    endsBy: publishedAt + terms.activateWithin + duration,
  }
}
