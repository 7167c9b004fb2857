/**
 * A verification against a real chain with a sealed sector, and with a liar between the two: each lie is refused by name.
 * The chain makes its blocks in this process.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromHex, systemClock } from '@granary/base'
import { initChain, type RunningChain, runChain } from '@granary/chain/node'
import { journalIn, type Verified, type VerifyPorts, verify } from '@granary/client/node'
import { createPieceHasher } from '@granary/proofs/piece'
import { provePoRep } from '@granary/proofs/porep'
import { provePost } from '@granary/proofs/post'
import { profileNamed } from '@granary/proofs/profile'
import { sealSector } from '@granary/proofs/seal'
import { pieceCidV2 } from '@granary/proofs/verify'
import { type ChainClient, createChainClient, sendMessage } from '@granary/protocol/client'
import { accountSigner, type DealTerms, type Hash, type Signer, typedDealTerms } from '@granary/protocol/messages'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { granary } from '../packages/cli/test/granary.ts'
import { wideLines } from '../packages/cli/test/wide-lines.ts'
import { memoryJournal } from '../packages/client/src/memory/memory-journal.ts'
import { memoryTrust } from '../packages/client/src/memory/memory-trust.ts'
import type { TrustStore } from '../packages/client/src/ports.ts'
import { changeParams } from './change-params.ts'

const BLOCK_TIME_MS = 50
const GRN = 10n ** 18n
const PROFILE = profileNamed('2KiB-test')
const PROVIDER = 1000
const PRICE = 1_000_000n
/** Short periods, so that a challenge comes within seconds. */
const params = { provingPeriod: '40', cutoff: '4', seedDelay: '6', dealDurationMin: '40', activateWithinMin: '10' }
/** Epochs: so many that no sector is faulty before it is declared so, however slow the machine is. */
const responseWindow = '4000'
const rootCid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
const otherRoot = 'bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e'

interface Node {
  readonly home: string
  readonly node: RunningChain
  readonly chain: ChainClient
  readonly genesisHash: Hash
}

const started: Node[] = []
let market: Node
let stranger: Node
let parties: Parties
/** Deals of the content: one in a sector, one that waits. The third is of other content. */
let pieceCid: string

async function startNode(): Promise<Node> {
  const home = await mkdtemp(join(tmpdir(), 'granary-verify-'))
  await initChain({ home, devnet: true, blockTimeMs: BLOCK_TIME_MS })
  changeParams(home, { params, responseWindow, profile: PROFILE.name })
  const node = await runChain({ home, port: 0 })
  const chain = createChainClient({ url: node.url })
  const { genesisHash } = await chain.status()
  const own = { home, node, chain, genesisHash }
  started.push(own)
  return own
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

async function send(
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

/** Deals with the payload of the provider, from 1 on in the order of their nonces. */
async function publish({ node, client, owner }: Parties, wanted: readonly { nonce: bigint; root: string }[]) {
  const commitment = committed()
  pieceCid = pieceCidV2(commitment)
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

interface Parties {
  readonly node: Node
  readonly client: Signer
  readonly owner: Signer
}

/** A sector with the payload of a deal, sealed and proven. @returns its folder */
async function seal({ node, owner }: Parties, number: number, deal: number): Promise<string> {
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

async function partiesAt(node: Node): Promise<Parties> {
  const [client, owner] = await Promise.all([funded(node.chain, 1), funded(node.chain, 2)])
  return { node, client, owner }
}

/** Three deals, and the first of them in a sector. @returns the sector's folder */
async function storeSomething(parties: Parties): Promise<string> {
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
async function proveAndSettle({ node, client, owner }: Parties, dir: string): Promise<void> {
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

beforeAll(async () => {
  ;[market, stranger] = [await startNode(), await startNode()]
  parties = await partiesAt(market)
  await proveAndSettle(parties, await storeSomething(parties))
}, 60_000)
afterAll(async () => {
  for (const { node, home } of started) {
    await node.stop()
    await rm(home, { recursive: true })
  }
})

type Json = Record<string, unknown>
/** What a node between the two makes of an answer. */
type Lie = (answer: Json, url: URL) => Json | Promise<Json>

/** A node that answers as the chain does, but for what `lie` makes of it. @param at whose answers they are @param named genesis that it claims */
function liar(lie: Lie, { at = market, named = market.genesisHash }: { at?: Node; named?: Hash } = {}): ChainClient {
  return createChainClient({
    url: at.node.url,
    async fetch(input, init) {
      const url = new URL(input instanceof Request ? input.url : input)
      const response = await fetch(url, init)
      const headers = new Headers(response.headers)
      for (const name of ['content-length', 'content-encoding']) headers.delete(name)
      headers.set('granary-genesis', named)
      const answer = (await response.json()) as Json
      return new Response(JSON.stringify(response.ok ? await lie(answer, url) : answer), {
        status: response.status,
        headers,
      })
    },
  })
}

const portsOf = (chain: ChainClient, trust: TrustStore = memoryTrust()): VerifyPorts => ({
  chain,
  trust,
  journal: memoryJournal(),
  clock: systemClock,
})
const asProof = (change: (view: Json) => Json) => (answer: Json, url: URL) =>
  url.pathname.startsWith('/v1/proofs/') ? change(answer) : answer
/** One digit of a field of hex is another. */
const flipped = (view: Json, field: string, at = 40): Json => {
  const text = view[field] as string
  return { ...view, [field]: `${text.slice(0, at)}${text[at] === '0' ? '1' : '0'}${text.slice(at + 1)}` }
}
const isProofOf = (url: URL, table: string) => decodeURIComponent(url.pathname).startsWith(`/v1/proofs/${table}/`)

/** By way of the liar, of a chain whose genesis is known. */
async function codeOf(chain: ChainClient, changes: Partial<VerifyPorts> = {}, cid = rootCid): Promise<unknown> {
  const { genesisHash } = market
  const done = verify({ ...portsOf(chain), ...changes }, cid, { genesisHash })
  return await done.then(
    () => 'believed',
    (error: { code?: unknown }) => error.code,
  )
}

test('each deal of a root is proven: its state, its sector and its last proof, its end and what was paid', async () => {
  const { chain, genesisHash } = market
  const verified = await verify(portsOf(chain), rootCid)
  const said = await chain.deal(1)
  const { lastProven } = await chain.partition(PROVIDER, 0)
  expect(verified).toMatchObject({
    cid: rootCid,
    chain: { genesisHash, trust: 'first-use' },
    missing: [],
    deals: [
      {
        id: 1,
        state: 'active',
        provider: { id: PROVIDER, name: 'barn', region: 'eu' },
        activatedAt: said.activatedAt,
        endsAt: said.endsAt,
        paid: BigInt(said.paid),
        locked: BigInt(said.locked),
        settledThrough: said.settledThrough,
        storage: { sector: 0, partition: 0, state: 'sound', lastProven },
      },
      { id: 2, state: 'published', storage: null, endsAt: null },
    ],
  })
  expect(verified.deals[0]!.paid).toBeGreaterThan(0n)
  const { header } = await chain.block(verified.state.height + 1)
  expect(header.timeMs).toBe(verified.state.timeMs)
  expect((await chain.block(verified.state.height + 1)).hash).toBe(verified.state.headerHash)
})

test('a piece is verified by its CID, the deals of all contents that are in it', async () => {
  const { deals } = await verify(portsOf(market.chain), pieceCid)
  expect(deals.map(({ id }) => id)).toEqual([1, 2, 3])
})

test.each<[string, string, Lie]>([
  ['a deal that nobody made', 'LISTING_FALSE', listedToo(9)],
  ['a deal that is for other content', 'LISTING_FALSE', listedToo(3)],
  ['a deal that is worth more than it is', 'PROOF_INVALID', onProof('deal', (view) => flipped(view, 'value', 300))],
  ['a deal that it hides', 'PROOF_INVALID', onProof('deal', (view) => ({ ...view, value: null }))],
  ['a sector that it hides', 'PROOF_INVALID', onProof('sector', (view) => ({ ...view, value: null }))],
  ['another record than was asked for', 'PROOF_INVALID', onProof('sector', (view) => ({ ...view, key: 'head' }))],
  [
    'a state that no header names',
    'APP_HASH_MISMATCH',
    onProof('deal', (view) => ({ ...view, proof: movedProof(view) })),
  ],
  ['a header that nobody signed', 'HEADER_NOT_SIGNED', asProof((view) => flipped(view, 'header'))],
  ['a signature that is none', 'HEADER_NOT_SIGNED', asProof((view) => ({ ...view, signature: '0x' }))],
])('the lie of %s is refused: %s', async (_what, code, lie) => {
  expect(await codeOf(liar((answer) => answer))).toBe('believed')
  expect(await codeOf(liar(lie))).toBe(code)
})

function listedToo(id: number): Lie {
  return (answer, url) =>
    url.pathname === '/v1/deals' && url.searchParams.has('rootCid')
      ? {
          ...answer,
          items: [
            ...(answer.items as Json[]).map((deal) => ({ ...deal, id: deal.id })),
            { ...(answer.items as Json[])[0], id },
          ],
        }
      : answer
}

function onProof(table: string, change: (view: Json) => Json): Lie {
  return (answer, url) => (isProofOf(url, table) ? change(answer) : answer)
}

function movedProof({ proof }: Json): Json {
  return flipped(proof as Json, 'outsideHash')
}

test('the lie of another chain under the right name is refused: its headers are signed by others', async () => {
  const lie: Lie = async (answer, url) =>
    url.pathname === '/v1/genesis'
      ? await genesisAnswer()
      : { ...answer, ...(url.pathname === '/v1/status' ? { genesisHash: market.genesisHash } : {}) }
  const genesisAnswer = async () => (await (await fetch(`${market.node.url}/v1/genesis`)).json()) as Json
  expect(await codeOf(liar(lie, { at: stranger }))).toBe('HEADER_NOT_SIGNED')
})

test('the lie of a genesis with validators of its own is refused: it has another hash', async () => {
  const foreign = (await (await fetch(`${stranger.node.url}/v1/genesis`)).json()) as Json
  const lie: Lie = (answer, url) => (url.pathname === '/v1/genesis' ? { ...answer, genesis: foreign.genesis } : answer)
  expect(await codeOf(liar(lie))).toBe('GENESIS_MISMATCH')
  const done = verify(portsOf(liar(lie)), rootCid)
  await expect(done).rejects.toMatchObject({ code: 'GENESIS_MISMATCH', details: { found: stranger.genesisHash } })
})

test('another chain at an address that is known is refused, and one that was not meant', async () => {
  const trust = memoryTrust()
  const known = async (chain: ChainClient) => (await verify(portsOf(chain, trust), rootCid)).chain.trust
  expect(await known(market.chain)).toBe('first-use')
  expect(await known(market.chain)).toBe('kept')
  const moved = { ...stranger.chain, url: market.chain.url }
  await expect(known(moved)).rejects.toMatchObject({
    code: 'GENESIS_MISMATCH',
    details: { found: stranger.genesisHash },
  })
  expect(await codeOf(stranger.chain)).toBe('GENESIS_MISMATCH')
})

test('an old state is refused: by the clock, and by what was seen before', async () => {
  const { chain } = market
  const old = (await chain.status()).height - 30
  const stale = { ...chain, proof: (key: string) => chain.proof(key, { height: old }) } as ChainClient
  const trust = memoryTrust()
  await verify(portsOf(chain, trust), rootCid)
  expect(await codeOf(stale, { trust })).toBe('PROOF_STALE')
  const later = { ...systemClock, nowMs: () => Date.now() + 60_000 }
  expect(await codeOf(chain, { clock: later })).toBe('HEAD_TOO_OLD')
})

test('records of two states are not put together', async () => {
  const { chain } = market
  const mixed = {
    ...chain,
    proof: (key: string, options?: { height?: number }) =>
      chain.proof(key, key.startsWith('sector/') ? { height: (options?.height ?? 0) - 1 } : options),
  } as ChainClient
  expect(await codeOf(mixed)).toBe('PROOF_INVALID')
})

test('two headers of one height are told: the chain was rolled back, or its validator signs two histories', async () => {
  const { chain, genesisHash } = market
  const view = await chain.proof('head')
  const fixed = { ...chain, proof: (key: string) => chain.proof(key, { height: view.stateHeight }) } as ChainClient
  const trust = memoryTrust()
  await verify(portsOf(fixed, trust), rootCid)
  const kept = (await trust.read(chain.url))!
  await trust.write(chain.url, { ...kept, header: { ...kept.header, hash: genesisHash } })
  expect(await codeOf(fixed, { trust })).toBe('HEADER_CONFLICT')
})

test('a deal that a node keeps silent about is verified all the same when this client has made it', async () => {
  const { chain, genesisHash } = market
  const { agreementId, terms } = await chain.deal(1)
  const slot = { piece: 0, copy: 0, state: 'active', provider: PROVIDER, terms, agreementId } as const
  const made = { genesisHash, rootCid, name: 'x', fileBytes: 1_000, duration: 400, pieces: [] }
  const journal = {
    read: async () => ({
      ...made,
      slots: [
        { ...slot, dealId: 1 },
        { ...slot, dealId: 77 },
      ],
    }),
  }
  const silent = liar((answer, url) => (url.pathname === '/v1/deals' ? { ...answer, items: [] } : answer))
  const verified: Verified = await verify({ ...portsOf(silent), journal }, rootCid)
  expect(verified.deals).toMatchObject([{ id: 1, state: 'active' }])
  expect(verified.missing).toEqual([77])
  expect(await codeOf(silent)).toBe('CID_NOT_STORED')
})

test('a first verification that fails, and so has shown no genesis to compare, leaves nobody believed', async () => {
  const ports = portsOf(market.chain)
  await expect(verify(ports, 'bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am')).rejects.toMatchObject({
    code: 'CID_NOT_STORED',
  })
  expect((await verify(ports, rootCid)).chain.trust).toBe('first-use')
  expect((await verify(ports, rootCid)).chain.trust).toBe('kept')
})

test('granary verify says what is proven, on whose word, and exits as it says', async () => {
  const home = await mkdtemp(join(tmpdir(), 'granary-verify-cli-'))
  try {
    const args = ['verify', rootCid, '--chain', market.node.url, '--home', home]
    const first = await granary(args, { COLUMNS: '60' })
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(wideLines(first.stdout, 60)).toEqual([])
    for (const words of [
      '1: active, ends ',
      'last proven ',
      'believed because this node says so',
      '2: published',
      'not shown by this',
    ])
      expect(first.stdout.replaceAll(/\n +/g, ' ')).toContain(words)
    const named = await granary([...args, '--genesis', market.genesisHash, '--json'])
    expect(JSON.parse(named.stdout)).toMatchObject({
      ok: true,
      data: { chain: { trust: 'named' }, deals: [{ id: 1, storage: { state: 'sound' } }, { id: 2 }] },
    })
    const other = await granary(['verify', otherRoot, ...args.slice(2)])
    expect([other.code, other.stdout]).toEqual([1, expect.stringContaining('3: published')])
    // Whose word it is that the piece holds this content.
    expect(first.stdout.replaceAll(/\s+/g, ' ')).toContain(`client ${(await market.chain.deal(1)).terms.client}`)
    const foreign = await granary([...args, '--json'], { GRANARY_GENESIS: stranger.genesisHash })
    expect([foreign.code, JSON.parse(foreign.stdout).code]).toEqual([5, 'GENESIS_MISMATCH'])
    expect((await granary([...args, '--genesis', '0x12'])).code).toBe(2)
  } finally {
    await rm(home, { recursive: true })
  }
})

test('granary verify does not exit with 0 when a deal that this client has made is proven not to be there', async () => {
  const home = await mkdtemp(join(tmpdir(), 'granary-verify-missing-'))
  try {
    const { chain, genesisHash } = market
    const { terms } = await chain.deal(1)
    const [piece, place] = [
      { payloadSize: terms.payloadSize, pieceSize: terms.pieceSize },
      { piece: 0, copy: 0 },
    ]
    const content = { genesisHash, rootCid, name: 'x', fileBytes: 1_000, duration: 400 }
    const adopted = {
      provider: PROVIDER,
      terms,
      agreementId: `0x${'77'.repeat(32)}`,
      dealId: 77,
      active: true,
    } as const
    await using log = await journalIn(join(home, 'client')).open(genesisHash, rootCid)
    await log.append({ type: 'opened', ...content, pieces: [piece], places: [place] })
    await log.append({ type: 'slot:adopted', slot: 0, ...adopted })
    const ran = await granary(['verify', rootCid, '--chain', market.node.url, '--home', home])
    expect(ran.stdout).toContain('deals 77, which this client made')
    expect(ran.code).toBe(3)
  } finally {
    await rm(home, { recursive: true })
  }
})

test('granary verify exits with 3 when the sector of one deal is faulty, and with 1 when those of all are', async () => {
  const own = await partiesAt(await startNode())
  const { chain, node } = own.node
  const home = await mkdtemp(join(tmpdir(), 'granary-verify-faulty-'))
  try {
    await storeSomething(own)
    const verified = async () => {
      const { code, stdout } = await granary(['verify', rootCid, '--chain', node.url, '--home', home, '--json'])
      const { deals } = JSON.parse(stdout).data as Verified
      return { code, storage: Object.fromEntries(deals.map(({ id, storage }) => [id, storage?.state ?? null])) }
    }
    await publish(own, [{ nonce: 4n, root: rootCid }])
    await seal(own, 1, 4)
    const declared = async (sectors: readonly number[]) => {
      await send(own.node, own.owner, 'DeclareFaults', { provider: PROVIDER, partition: 0, sectors })
      const { height } = await chain.status()
      for await (const event of chain.events({ types: ['block'] })) if (event.height > height) break
    }
    await declared([1])
    expect(await verified()).toEqual({ code: 3, storage: { 1: 'sound', 2: null, 4: 'faulty' } })
    const words = await granary(['verify', rootCid, '--chain', node.url, '--home', home])
    expect(words).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('faulty: a proof was missed, or it was declared so'),
    })
    await declared([0])
    expect(await verified()).toEqual({ code: 1, storage: { 1: 'faulty', 2: null, 4: 'faulty' } })
  } finally {
    await rm(home, { recursive: true })
  }
})
