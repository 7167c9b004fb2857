/**
 * Every message that an account can send, through the typed client, the RPC and the blocks of a real node, with sectors that
 * are really sealed; each is seen in a view, and no answer on the way has a field that its declaration has not.
 */

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fromHex, toHex } from '@granary/base'
import { createPieceHasher } from '@granary/proofs/piece'
import { provePoRep } from '@granary/proofs/porep'
import { provePost } from '@granary/proofs/post'
import { profileNamed } from '@granary/proofs/profile'
import { sealSector } from '@granary/proofs/seal'
import { pieceCidV2 } from '@granary/proofs/verify'
import { getProposal, getValidator } from '@granary/protocol/chain-api'
import { type ChainClient, createChainClient, type PartitionView, sendMessage } from '@granary/protocol/client'
import {
  accountSigner,
  type DealTerms,
  declarations,
  type MessageBodies,
  possessionDigest,
  type Signer,
  sessionSigner,
  type TransactionName,
  typedDealRenewal,
  typedDealTerms,
} from '@granary/protocol/messages'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { ed25519 } from '@noble/curves/ed25519.js'
import { type WatchedAnswers, watchAnswers } from '../../../protocol/test/watch-answers.ts'
import { fundedSigner, newSigner, temporaryFolder } from '../../test/devnet.ts'
import { EXAMPLES, operations } from '../../test/operations.ts'
import { homeFiles } from '../home/home-files.ts'
import { readHome } from '../home/read-home.ts'
import { initChain, type RunningChain, runChain } from '../main.ts'

const BLOCK_TIME_MS = 50
const GRN = 10n ** 18n
const PROFILE = profileNamed('2KiB-test')
// Short periods, so that a challenge comes within seconds.
const params = { provingPeriod: '40', cutoff: '4', seedDelay: '6', dealDurationMin: '40', activateWithinMin: '10' }

let home: string
let node: RunningChain
let chain: ChainClient
let answers: WatchedAnswers

beforeEach(async () => {
  home = await temporaryFolder()
  await initChain({ home, devnet: true, blockTimeMs: BLOCK_TIME_MS })
  const { genesis: path } = homeFiles(home)
  const genesis = JSON.parse(await readFile(path, 'utf8'))
  await writeFile(path, JSON.stringify({ ...genesis, params: { ...genesis.params, ...params } }))
  node = await runChain({ home, port: 0 })
  answers = watchAnswers(operations)
  chain = createChainClient({ url: node.url, fetch: answers.fetch })
})

afterEach(async () => {
  await node.stop()
  await rm(home, { recursive: true })
})

async function untilDefined<T>(read: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const value = await read()
    if (value !== undefined) return value
    await new Promise((resolve) => setTimeout(resolve, BLOCK_TIME_MS))
  }
}

test('every message works from the typed client, and its effect is in a view', async () => {
  const [client, owner] = await Promise.all([fundedSigner(chain), fundedSigner(chain)])
  const { genesisHash } = await chain.status()
  const sent = new Set<TransactionName>()
  async function send<N extends TransactionName>(signer: Signer, kind: N, body: MessageBodies[N]): Promise<void> {
    const { code } = await sendMessage({ chain, signer, kind, body })
    expect([kind, code]).toEqual([kind, 'OK'])
    sent.add(kind)
  }

  // Money and keys.
  const { address } = newSigner()
  await send(client, 'Transfer', { to: address, amount: 5n })
  expect(await chain.account(address)).toMatchObject({ balance: '5' })
  const session = sessionSigner(new Uint8Array(32).fill(3), client.address)
  const { publicKey } = session
  await send(client, 'AuthorizeKey', { publicKey, scopes: ['Transfer'], expires: 100_000, spendingLimit: GRN })
  await send(session, 'Transfer', { to: address, amount: 2n })
  expect(await chain.account(address)).toMatchObject({ balance: '7' })
  expect(await chain.sessionKey(client.address, toHex(publicKey))).toMatchObject({ scopes: ['Transfer'] })
  await send(client, 'RevokeKey', { publicKey })
  const more = { chain, signer: session, kind: 'Transfer', body: { to: address, amount: 2n } } as const
  await expect(sendMessage(more)).rejects.toMatchObject({ code: 'KEY_NOT_AUTHORIZED' })

  // A provider.
  const profile = {
    payout: owner.address,
    sessionKey: new Uint8Array(0),
    endpoints: ['http://127.0.0.1:7470'],
    peerId: '',
    region: 'eu',
    name: 'barn',
  }
  await send(owner, 'RegisterProvider', profile)
  const provider = 1000
  expect(await chain.provider(provider)).toMatchObject({ owner: owner.address, name: 'barn', ask: null })
  await send(owner, 'UpdateProvider', { provider, ...profile, name: 'silo' })
  const ask = {
    pieceSizeMin: 256,
    pieceSizeMax: 2048,
    durationMin: 40,
    durationMax: 90,
    collateralShareMaxBps: 10_000,
    validUntil: 100_000,
  }
  await send(owner, 'SetAsk', { provider, pricePerGiBEpoch: 9n, profiles: ['2KiB-test'], ...ask })
  await send(owner, 'DepositCollateral', { provider, amount: 50n * GRN })
  await send(owner, 'WithdrawCollateral', { provider, amount: 10n * GRN })
  expect(await chain.provider(provider)).toMatchObject({
    name: 'silo',
    ask: { pricePerGiBEpoch: '9', ...ask },
    collateral: { free: String(40n * GRN) },
  })

  // Two deals, one of which the client does not want after all.
  const payload = new Uint8Array(1_000).map((_, index) => index % 251)
  const hasher = createPieceHasher()
  hasher.write(payload)
  const commitment = hasher.digest()
  const piece = { path: join(home, 'piece'), pieceCid: pieceCidV2(commitment), ...commitment }
  await writeFile(piece.path, payload)
  const { height } = await chain.status()
  const terms = (nonce: bigint): DealTerms => ({
    client: client.address,
    provider,
    pieceCid: piece.pieceCid,
    pieceSize: commitment.paddedSize,
    payloadSize: commitment.payloadSize,
    label: 'test',
    activateWithin: 1_000,
    duration: 400,
    pricePerEpoch: 1_000_000n,
    providerCollateral: GRN,
    extendableUntil: 100_000,
    validUntil: height + 1_000,
    nonce,
  })
  const deals = await Promise.all(
    [1n, 2n].map(async (nonce) => {
      const each = terms(nonce)
      return { terms: each, providerSignature: await owner.sign(typedDealTerms(genesisHash, each)) }
    }),
  )
  await send(client, 'PublishDeal', { deals })
  const listed = await Array.fromAsync(chain.deals({ pieceCid: piece.pieceCid }))
  expect(listed.map(({ id, state }) => [id, state])).toEqual([
    [1, 'published'],
    [2, 'published'],
  ])
  await send(client, 'CancelDeal', { deal: 2 })
  expect(await chain.deal(2)).toMatchObject({ state: 'cancelled', locked: '0' })

  // Two sectors: one with the deal, one of zeros.
  const dirOf = (number: number): string => join(home, 'sectors', String(number))
  const parentsDir = join(home, 'parents')
  const { height: ticketEpoch } = await chain.status()
  const sealed = await Promise.all(
    [0, 1].map(async (number) => {
      const dir = dirOf(number)
      await mkdir(dir, { recursive: true })
      const query = { tag: 'TICKET', epoch: ticketEpoch, provider, sector: number } as const
      const ticket = bytesOf((await chain.randomness(query)).randomness)
      const pieces = number === 0 ? [piece] : []
      return sealSector({ profile: PROFILE, provider, sectorNumber: number, ticket, pieces, dir, parentsDir })
    }),
  )
  const { commitExpiry } = await chain.params()
  const expiry = (await chain.status()).height + commitExpiry + 1_000
  const sectors = sealed.map(({ commD, commR }, number) => {
    return { number, profile: PROFILE.name, commD, commR, ticketEpoch, deals: number === 0 ? [1] : [], expiry }
  })
  await send(owner, 'PreCommitSectors', { provider, sectors })
  expect(await chain.sector(provider, 0)).toMatchObject({ state: 'precommitted', deals: [1] })
  expect(await chain.deal(1)).toMatchObject({ state: 'committed' })
  const prove = async (number: number): Promise<void> => {
    const seed = bytesOf(await untilDefined(async () => (await chain.sector(provider, number)).seed))
    const bundle = await provePoRep({ dir: dirOf(number), seed, parentsDir })
    await send(owner, 'ProveCommitSector', { provider, number, bundle })
  }
  await prove(0)
  await prove(1)
  const { agreementId, ...active } = await chain.deal(1)
  expect(active).toMatchObject({ state: 'active', sector: { provider, number: 0 } })

  // The deal lasts longer, by money and by agreement, and so do its sectors.
  await send(owner, 'TopUpByOrder', { deal: 1, epochs: 1 })
  expect(await chain.deal(1)).toMatchObject({ endsAt: active.endsAt! + 1, orderedUntil: 100_000 })
  await send(client, 'TopUpDeal', { deal: 1, epochs: 10 })
  const { endsAt: startsAt = 0 } = await chain.deal(1)
  const endsAt = startsAt + 20
  const span = { startsAt, endsAt, providerCollateral: GRN, validUntil: height + 5_000 }
  const renewal = { deal: 1, agreementId, ...span }
  const providerSignature = await owner.sign(typedDealRenewal(genesisHash, renewal))
  await send(client, 'RenewDeal', { renewal, providerSignature })
  expect(await chain.deal(1)).toMatchObject({ endsAt })
  await send(owner, 'ExtendSectors', { provider, sectors: [0, 1], expiry: expiry + 100 })
  expect(await chain.sector(provider, 1)).toMatchObject({ expiry: expiry + 100 })

  // Challenged, paid, faulty, recovered.
  const partition = async (): Promise<PartitionView> => (await chain.partitions(provider))[0]!
  const place = { provider, partition: 0 }
  const faulty = async () => (await Array.fromAsync(chain.members(place, 'faulty'))).map(({ number }) => number)
  const answer = async (which: 'challenge' | 'recovery'): Promise<void> => {
    await untilDefined(async () => (await partition())[which])
    const open = await chain.challenge(place, which === 'challenge' ? 'post' : 'recovery')
    const listed = open.sectors.map(({ number }) => ({ number, dir: dirOf(number) }))
    const randomness = bytesOf(open.randomness)
    const { count, epoch } = open
    const bundle = await provePost({ profile: PROFILE, provider, partition: 0, randomness, count, sectors: listed })
    await send(owner, 'SubmitPost', { provider, partition: 0, challengeEpoch: epoch, skipped: [], bundle })
  }
  const { activatedAt = 0 } = await chain.sector(provider, 1)
  while (((await partition()).lastProven ?? 0) <= activatedAt) await answer('challenge')
  await send(client, 'SettleDeals', { deals: [1] })
  const { paid, provenEpochs } = await chain.deal(1)
  expect(Number(paid)).toBe(Math.floor(provenEpochs * 1_000_000 * 0.95))
  await send(owner, 'DeclareFaults', { provider, partition: 0, sectors: [0] })
  expect([await partition(), await faulty()]).toEqual([expect.objectContaining({ sectors: 2, sound: 1 }), [0]])
  await send(owner, 'RequestRecovery', { provider, partition: 0, sectors: [] })
  await untilDefined(async () => {
    const { challenge, recovery } = await partition()
    if (challenge !== undefined) await answer('challenge')
    return recovery
  })
  await answer('recovery')
  expect(await chain.sector(provider, 0)).toMatchObject({ state: 'active' })

  await send(owner, 'TerminateSectors', { provider, sectors: [1] })
  expect(await chain.sector(provider, 1)).toMatchObject({ state: 'terminated' })

  // The faucet owns the validator, and may vote.
  const { faucetKey } = await readHome(home, false)
  const operator = accountSigner(faucetKey!)
  const changes = [{ name: 'accountFee', value: 5n }]
  await send(operator, 'SubmitProposal', { title: 'cheaper', link: '', changes, release: '' })
  await send(operator, 'Vote', { proposal: 1, choice: 'yes' })
  expect(await chain.ask(getProposal, { params: { id: 1 } })).toMatchObject({
    steps: [{ name: 'accountFee', to: '5' }],
    yes: '10',
    ballots: [{ owner: operator.address, choice: 'yes' }],
  })

  // Validators: with one that makes all blocks nobody is ever jailed.
  const seed = new Uint8Array(32).fill(9)
  const validator = ed25519.getPublicKey(seed)
  const possession = ed25519.sign(possessionDigest(genesisHash, client.address), seed)
  await send(client, 'BondValidator', { validator, amount: 20n * GRN, possession })
  await send(client, 'UnbondValidator', { validator, amount: 5n * GRN })
  const { owner: bondOwner, bond } = await chain.ask(getValidator, { params: { publicKey: toHex(validator) } })
  expect([bondOwner, bond]).toEqual([client.address, String(15n * GRN)])
  const unjail = { chain, signer: client, kind: 'Unjail', body: { validator } } as const
  await expect(sendMessage(unjail)).rejects.toMatchObject({ code: 'VALIDATOR_NOT_JAILED' })
  sent.add('Unjail')
  expect([...sent].toSorted()).toEqual(
    Object.keys(declarations)
      .filter((kind) => kind !== 'BeaconEntry')
      .toSorted(),
  )

  // What the client has not asked for itself; of a stream a transaction's events are the same.
  const { id } = await sendMessage({ chain, signer: client, kind: 'Transfer', body: { to: address, amount: 1n } })
  const answering = operations.filter(({ type }) => type === undefined)
  const paths = answering.flatMap(({ id, method }) => (method === 'get' ? [EXAMPLES[id]![0]] : []))
  for (const path of [...paths, `/v1/txs/${id}`, '/v1/providers']) await answers.fetch(node.url + path)
  expect([...answers.answered].toSorted()).toEqual(answering.map((each) => each.id).toSorted())
  expect([...answers.undeclared]).toEqual([])
}, 120_000)

function bytesOf(hex: string): Uint8Array {
  return fromHex(hex)
}
