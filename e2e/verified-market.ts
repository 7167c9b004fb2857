/** What a verification is tried on: a chain in this process with deals, one of them in a sector that is sealed and proven here. */
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromHex } from '@granary/base'
import { initChain, type RunningChain, runChain } from '@granary/chain/node'
import { createPieceHasher } from '@granary/proofs/piece'
import { provePoRep } from '@granary/proofs/porep'
import { provePost } from '@granary/proofs/post'
import { profileNamed } from '@granary/proofs/profile'
import { sealSector } from '@granary/proofs/seal'
import { pieceCidV2 } from '@granary/proofs/verify'
import { type ChainClient, createChainClient, sendMessage } from '@granary/protocol/client'
import { accountSigner, type DealTerms, type Hash, type Signer, typedDealTerms } from '@granary/protocol/messages'
import { expect } from '@jest/globals'
import { changeParams } from './change-params.ts'

const BLOCK_TIME_MS = 50
const GRN = 10n ** 18n
const PROFILE = profileNamed('2KiB-test')
export const PROVIDER = 1000
const PRICE = 1_000_000n
/** Short periods, so that a challenge comes within seconds. */
const params = { provingPeriod: '40', cutoff: '4', seedDelay: '6', dealDurationMin: '40', activateWithinMin: '10' }
/** Epochs: so many that no sector is faulty before it is declared so, however slow the machine is. */
const responseWindow = '4000'
export const rootCid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
export const otherRoot = 'bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e'

export interface Node {
  readonly home: string
  readonly node: RunningChain
  readonly chain: ChainClient
  readonly genesisHash: Hash
}

export async function startNode(): Promise<Node> {
  const home = await mkdtemp(join(tmpdir(), 'granary-verify-'))
  await initChain({ home, devnet: true, blockTimeMs: BLOCK_TIME_MS })
  changeParams(home, { params, responseWindow, profile: PROFILE.name })
  const node = await runChain({ home, port: 0 })
  const chain = createChainClient({ url: node.url })
  const { genesisHash } = await chain.status()
  return { home, node, chain, genesisHash }
}

async function untilDefined<T>(read: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const value = await read()
    if (value !== undefined) return value
    await new Promise((resolve) => setTimeout(resolve, BLOCK_TIME_MS))
  }
}

async function funded(chain: ChainClient, seed: number): Promise<Signer> {
  const signer = accountSigner(new Uint8Array(32).fill(seed))
  await chain.faucet(signer.address)
  return signer
}

export async function send(
  { chain }: Node,
  signer: Signer,
  kind: Parameters<typeof sendMessage>[0]['kind'],
  body: object,
): Promise<void> {
  const { code } = await sendMessage({ chain, signer, kind, body: body as never })
  expect([kind, code]).toEqual([kind, 'OK'])
}

const payload = new Uint8Array(1_000).map((_, index) => index % 251)

function committed() {
  const hasher = createPieceHasher()
  hasher.write(payload)
  return hasher.digest()
}

/** What every deal here is of. */
export const pieceCid: string = pieceCidV2(committed())

/** Deals with the payload of the provider, from 1 on in the order of their nonces. */
export async function publish(
  { node, client, owner }: Parties,
  wanted: readonly { nonce: bigint; root: string }[],
): Promise<void> {
  const commitment = committed()
  const { height } = await node.chain.status()
  const deals = wanted.map(
    ({ nonce, root }): DealTerms => ({
      ...{ client: client.address, provider: PROVIDER, pieceCid, rootCid: root, label: '', nonce },
      ...{
        pieceSize: commitment.paddedSize,
        payloadSize: commitment.payloadSize,
        activateWithin: 1_000,
        duration: 4_000,
      },
      ...{ pricePerEpoch: PRICE, providerCollateral: GRN, validUntil: height + 1_000 },
    }),
  )
  const signed = async (terms: DealTerms) => ({
    terms,
    providerSignature: await owner.sign(typedDealTerms(node.genesisHash, terms)),
  })
  await send(node, client, 'PublishDeal', { deals: await Promise.all(deals.map(signed)) })
}

export interface Parties {
  readonly node: Node
  readonly client: Signer
  readonly owner: Signer
}

/** A sector with the payload of a deal, sealed and proven. @returns its folder */
export async function seal({ node, owner }: Parties, number: number, deal: number): Promise<string> {
  const { home, chain } = node
  const dir = join(home, `sector-${number}`)
  const parentsDir = join(home, 'parents')
  await mkdir(dir)
  const path = join(home, 'piece')
  await writeFile(path, payload)
  const { height: ticketEpoch } = await chain.status()
  const query = { tag: 'TICKET', epoch: ticketEpoch, provider: PROVIDER, sector: number } as const
  const ticket = fromHex((await chain.randomness(query)).randomness)
  const pieces = [{ path, pieceCid, ...committed() }]
  const sealed = { profile: PROFILE, provider: PROVIDER, sectorNumber: number, ticket, pieces, dir, parentsDir }
  const { commD, commR } = await sealSector(sealed)
  const { commitExpiry } = await chain.params()
  const expiry = (await chain.status()).height + commitExpiry + 10_000
  const sector = { number, profile: PROFILE.name, commD, commR, ticketEpoch, deals: [deal], expiry }
  await send(node, owner, 'PreCommitSectors', { provider: PROVIDER, sectors: [sector] })
  const seed = fromHex(await untilDefined(async () => (await chain.sector(PROVIDER, number)).seed))
  const bundle = await provePoRep({ dir, seed, parentsDir })
  await send(node, owner, 'ProveCommitSector', { provider: PROVIDER, number, bundle })
  return dir
}

export async function partiesAt(node: Node): Promise<Parties> {
  const [client, owner] = await Promise.all([funded(node.chain, 1), funded(node.chain, 2)])
  return { node, client, owner }
}

/** Three deals, and the first of them in a sector. @returns the sector's folder */
export async function storeSomething(parties: Parties): Promise<string> {
  const { node, owner } = parties
  const profile = { payout: owner.address, sessionKey: new Uint8Array(0), endpoints: [], peerId: '' }
  await send(node, owner, 'RegisterProvider', { ...profile, region: 'eu', name: 'barn' })
  const sizes = { pieceSizeMin: 256, pieceSizeMax: 2048, durationMin: 40, durationMax: 900 }
  const ask = { ...sizes, pricePerGiBEpoch: 9n, profiles: [PROFILE.name], collateralShareMaxBps: 10_000 }
  await send(node, owner, 'SetAsk', { provider: PROVIDER, ...ask, validUntil: 100_000 })
  await send(node, owner, 'DepositCollateral', { provider: PROVIDER, amount: 50n * GRN })
  const roots = [rootCid, rootCid, otherRoot]
  await publish(
    parties,
    roots.map((root, index) => ({ nonce: BigInt(index + 1), root })),
  )
  return seal(parties, 0, 1)
}

/** The sector answers a challenge, and its deal is paid for. */
export async function proveAndSettle({ node, client, owner }: Parties, dir: string): Promise<void> {
  const { chain } = node
  const place = { provider: PROVIDER, partition: 0 }
  const { activatedAt = 0 } = await chain.sector(PROVIDER, 0)
  while (((await chain.partition(PROVIDER, 0)).lastProven ?? 0) <= activatedAt) {
    await untilDefined(async () => (await chain.partition(PROVIDER, 0)).challenge)
    const { randomness, count, epoch } = await chain.challenge(place, 'post')
    const sectors = [{ number: 0, dir }]
    const answer = { profile: PROFILE, ...place, randomness: fromHex(randomness), count, sectors }
    const post = await provePost(answer)
    await send(node, owner, 'SubmitPost', { ...place, challengeEpoch: epoch, skipped: [], bundle: post })
  }
  await send(node, client, 'SettleDeals', { deals: [1] })
  const { height: done } = await chain.status()
  for await (const event of chain.events({ types: ['block'] })) if (event.height > done) break
}
