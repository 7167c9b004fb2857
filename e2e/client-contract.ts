/**
 * What a client of the market does, whatever it keeps its files and its journal in: puts and gets, goes on after a kill
 * between any two requests, and refuses by name. `clientContract` is called once for each set of ports.
 */
import { randomBytes } from 'node:crypto'
import type { PutOptions, PutResult } from '@granary/client/node'
import { accountSigner, type KeySigner, type Signer } from '@granary/protocol/messages'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Market, startMarket } from './story.ts'

type Fetch = typeof globalThis.fetch

export interface OpenInput {
  readonly chain: string
  readonly signer: KeySigner
  /** Its private key, for who signs elsewhere. */
  readonly key: Uint8Array
  readonly fetch: Fetch
  /** Two that are opened under one name are one client, before and after a restart. */
  readonly name: string
}

export interface OpenClient {
  put(bytes: Uint8Array<ArrayBuffer>, options?: PutOptions): Promise<PutResult>
  get(path: string): Promise<Uint8Array>
}

export interface Ports {
  open(input: OpenInput): Promise<OpenClient>
  close(): Promise<void>
}

/** The requests of a put that spend something, or that leave something with the provider. */
const moments: readonly (readonly [what: string, method: string, path: RegExp])[] = [
  ['the quote', 'POST', /\/v1\/quotes$/],
  ['the opening of the upload', 'POST', /\/v1\/uploads$/],
  ['the bytes', 'PATCH', /\/v1\/uploads\/\w+$/],
  ['the agreement', 'POST', /\/v1\/deals$/],
  ['the transaction', 'POST', /\/v1\/txs/],
]

export function clientContract(name: string, makePorts: () => Promise<Ports>): void {
  describe(name, () => {
    let market: Market
    let ports: Ports
    beforeAll(async () => {
      ;[market, ports] = await Promise.all([startMarket(), makePorts()])
    }, 90_000)
    afterAll(async () => {
      await ports?.close()
      await market?.bench.close()
    })

    /** An account with money and a client of its own, that can be opened again. */
    async function account(): Promise<{ signer: KeySigner; open: (fetch?: Fetch) => Promise<OpenClient> }> {
      const key = new Uint8Array(randomBytes(32))
      const signer = accountSigner(key)
      await market.client.faucet(signer.address)
      const { url } = market.chain
      const open = (fetch: Fetch = globalThis.fetch) =>
        ports.open({ chain: url, signer, key, fetch, name: signer.address })
      return { signer, open }
    }

    async function dealsOf(signer: Signer, rootCid: string) {
      const deals = await Array.fromAsync(market.client.deals({ rootCid }))
      return deals.filter(({ terms }) => terms.client === signer.address)
    }

    test('a file that is put comes back, and is put once however often', async () => {
      const { signer, open } = await account()
      const bytes = new Uint8Array(randomBytes(700_000))
      const steps: string[] = []
      const stored = await (await open()).put(bytes, { onProgress: ({ type }) => steps.push(type) })
      const expected = [
        'import:done',
        'planned',
        'provider:chosen',
        'quoted',
        'upload:progress',
        'piece:done',
        'agreed',
      ]
      expect([...new Set(steps)].filter((type) => !type.startsWith('settle'))).toEqual([
        ...expected,
        ...['published', 'deal', 'active'],
      ])
      expect(await (await open()).get(stored.path)).toEqual(bytes)
      expect(await (await open()).put(bytes)).toEqual(stored)
      expect(await dealsOf(signer, stored.rootCid)).toMatchObject([{ id: stored.dealId, state: 'active' }])
    }, 120_000)

    test('killed at any request that spends or leaves something, it goes on, and pays once', async () => {
      const kill = async ([what, method, path]: (typeof moments)[number], isBefore: boolean) => {
        const { signer, open } = await account()
        const bytes = new Uint8Array(randomBytes(10_000))
        const line = cutLine(method, path, isBefore)
        const killed = await (await open(line.fetch)).put(bytes, { signal: line.signal }).catch(() => 'killed')
        const stored = await (await open()).put(bytes)
        const back = await (await open()).get(stored.path)
        const deals = (await dealsOf(signer, stored.rootCid)).map(({ id, agreementId, state }) => ({
          id,
          agreementId,
          state,
        }))
        const { dealId: id, agreementId } = stored
        const expected = { killed: 'killed', deals: [{ id, agreementId, state: 'active' }], isBack: true }
        return { what, isBefore, found: { killed, deals, isBack: Buffer.from(back).equals(bytes) }, expected }
      }
      const stories = await Promise.all(moments.flatMap((moment) => [kill(moment, true), kill(moment, false)]))
      expect(stories.map(({ what, isBefore, found }) => ({ what, isBefore, found }))).toEqual(
        stories.map(({ what, isBefore, expected }) => ({ what, isBefore, found: expected })),
      )
    }, 180_000)

    test('an upload that is gone on with waits for what it was to wait for, unless something else is said', async () => {
      const { open } = await account()
      const bytes = new Uint8Array(randomBytes(10_000))
      const line = cutLine('POST', /\/v1\/deals$/, true)
      await (await open(line.fetch)).put(bytes, { until: 'published', signal: line.signal }).catch(() => 'killed')
      const stored = await (await open()).put(bytes)
      expect(stored.deals).toMatchObject([{ state: 'published' }])
      // Nothing is left that was interrupted.
      expect((await (await open()).put(bytes)).deals).toMatchObject([{ state: 'active' }])
    }, 60_000)

    test('what cannot be done is refused by name, and nothing is paid', async () => {
      const { signer, open } = await account()
      const client = await open()
      const bytes = new Uint8Array(randomBytes(1_000))
      const { balance } = await market.client.account(signer.address)
      const refusals: readonly [string, Promise<unknown>][] = [
        ['LABEL_TOO_LONG', client.put(bytes, { label: 'x'.repeat(257) })],
        ['CID_INVALID', client.get('no-cid')],
        ['CID_NOT_STORED', client.get('bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy')],
      ]
      for (const [code, refused] of refusals) await expect(refused).rejects.toMatchObject({ code })
      await expect(client.put(bytes, { provider: 999_999 })).rejects.toMatchObject({ code: 'NO_PROVIDER' })
      await expect(client.put(bytes, { duration: { ms: 1 } })).rejects.toMatchObject({ code: 'NO_PROVIDER' })
      expect((await market.client.account(signer.address)).balance).toBe(balance)
    }, 60_000)

    test('what is larger than a piece is cut into several, each with a deal, and comes back', async () => {
      const { signer, open } = await account()
      const bytes = new Uint8Array(randomBytes(9 << 20))
      const stored = await (await open()).put(bytes)
      expect(stored.deals.map(({ piece, state }) => [piece, state])).toEqual([
        [0, 'active'],
        [1, 'active'],
      ])
      expect(await (await open()).get(stored.path)).toEqual(bytes)
      expect(await (await open()).put(bytes)).toEqual(stored)
      expect(await dealsOf(signer, stored.rootCid)).toHaveLength(2)
    }, 120_000)

    test('who has no money is told before anything is uploaded', async () => {
      const key = new Uint8Array(randomBytes(32))
      const signer = accountSigner(key)
      const client = await ports.open({ chain: market.chain.url, signer, key, fetch, name: signer.address })
      const steps: string[] = []
      const putting = client.put(new Uint8Array(randomBytes(1_000)), { onProgress: ({ type }) => steps.push(type) })
      await expect(putting).rejects.toMatchObject({ code: 'INSUFFICIENT_FUNDS' })
      expect(steps).not.toContain('upload:progress')
    }, 60_000)

    test('two puts of one content at once are not two deals', async () => {
      const { signer, open } = await account()
      const bytes = new Uint8Array(randomBytes(2_000))
      const client = await open()
      const [first, second] = await Promise.allSettled([client.put(bytes), client.put(bytes)])
      const refused = first.status === 'rejected' ? first : (second as PromiseRejectedResult)
      expect([first.status, second.status].sort()).toEqual(['fulfilled', 'rejected'])
      expect(refused.reason).toMatchObject({ code: 'PUT_RUNNING', retryable: true })
      const { rootCid } = await client.put(bytes)
      expect(await dealsOf(signer, rootCid)).toHaveLength(1)
    }, 120_000)
  })
}

/** A process that dies at a request does nothing any more from then on. */
function cutLine(method: string, path: RegExp, isBefore: boolean): { fetch: Fetch; signal: AbortSignal } {
  const killed = new AbortController()
  const { signal } = killed
  return {
    signal,
    async fetch(input, init) {
      signal.throwIfAborted()
      const isTheOne = init?.method === method && path.test(new URL(String(input)).pathname)
      if (isTheOne && isBefore) killed.abort()
      signal.throwIfAborted()
      const response = await fetch(input, init)
      if (isTheOne) killed.abort()
      signal.throwIfAborted()
      return response
    },
  }
}
