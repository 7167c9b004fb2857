/**
 * A verification against a real chain with a sealed sector, and with a liar between the two: each lie is refused by name.
 * The chain makes its blocks in this process.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@granary/base'
import { journalIn, type Verified, type VerifyPorts, verify } from '@granary/client/node'
import { type ChainClient, createChainClient } from '@granary/protocol/client'
import type { Hash } from '@granary/protocol/messages'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { granary } from '../packages/cli/test/granary.ts'
import { wideLines } from '../packages/cli/test/wide-lines.ts'
import { memoryJournal } from '../packages/client/src/memory/memory-journal.ts'
import { memoryTrust } from '../packages/client/src/memory/memory-trust.ts'
import type { TrustStore } from '../packages/client/src/ports.ts'
import {
  type Node,
  otherRoot,
  type Parties,
  PROVIDER,
  partiesAt,
  pieceCid,
  proveAndSettle,
  publish,
  rootCid,
  seal,
  send,
  startNode,
  storeSomething,
} from './verified-market.ts'

const started: Node[] = []
let market: Node
let stranger: Node
let parties: Parties

async function start(): Promise<Node> {
  const node = await startNode()
  started.push(node)
  return node
}

beforeAll(async () => {
  ;[market, stranger] = [await start(), await start()]
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
  const own = await partiesAt(await start())
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
