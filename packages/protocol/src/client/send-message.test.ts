import { expect, test } from '@jest/globals'
import { accountSigner, decodeTransaction, hashOf, typedTransaction } from '../messages/index.ts'
import { createChainClient } from './create-chain-client.ts'
import { sendMessage } from './send-message.ts'

const headers = { 'granary-genesis': `0x${'11'.repeat(32)}`, 'granary-height': '7' }

const status = {
  ...{ genesisHash: headers['granary-genesis'], chainId: 'test', devnet: false, timeMs: 0, blockTimeMs: 500 },
  ...{ appHash: headers['granary-genesis'], version: '0' },
  clock: { trust: 'local', newestRound: null, silentMs: 0, aheadMs: null, stalled: null },
}

test('when one question has failed, the others are not asked again', async () => {
  const asked: string[] = []
  const { promise: askedAgain, resolve } = Promise.withResolvers<'asked again'>()
  /** A node that knows no account, and is too busy for anything else. */
  async function node(url: Parameters<typeof fetch>[0]): Promise<Response> {
    const path = new URL(`${url}`).pathname
    if (asked.includes(path)) resolve('asked again')
    asked.push(path)
    const known = { message: path, hint: '', retryable: false }
    if (!path.startsWith('/v1/accounts'))
      return Response.json({ error: { ...known, code: 'MEMPOOL_FULL', retryable: true } }, { status: 503, headers })
    // Told last, so that the others are waiting for their second try.
    await new Promise((done) => setImmediate(done))
    return Response.json({ error: { ...known, code: 'NOT_FOUND' } }, { status: 404, headers })
  }
  const chain = createChainClient({ url: 'http://127.0.0.1:1', fetch: node, retries: 3 })
  const signer = accountSigner(new Uint8Array(32).fill(7))
  const body = { deals: [1] }
  await expect(sendMessage({ chain, signer, kind: 'SettleDeals', body })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  // Longer than the first pause before a repetition.
  const quiet = new Promise<'quiet'>((done) => setTimeout(done, 400, 'quiet'))
  expect(await Promise.race([askedAgain, quiet])).toBe('quiet')
  expect(asked).toHaveLength(3)
})

test('nothing is signed above what may be spent on a message', async () => {
  const submitted: bigint[] = []
  const answers = {
    '/v1/status': { ...status, height: 7 },
    '/v1/params': { height: 7, fees: { feeBase: '100', feeByte: '0', feeUnit: '0', feeProving: '0' }, params: {} },
  }
  async function node(url: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> {
    const path = new URL(`${url}`).pathname
    if (init?.method === 'POST') {
      const bytes = new Uint8Array(await new Response(init.body).arrayBuffer())
      submitted.push(decodeTransaction(bytes).tx.maxFee)
      const error = { code: 'TX_MALFORMED', message: '', hint: '', retryable: false }
      return Response.json({ error }, { status: 400, headers })
    }
    const account = { height: 7, address: signer.address, exists: true, balance: '9', sequences: {}, locked: '0' }
    return Response.json(path in answers ? answers[path as keyof typeof answers] : account, { headers })
  }
  const signer = accountSigner(new Uint8Array(32).fill(7))
  const chain = createChainClient({ url: 'http://127.0.0.1:1', fetch: node, retries: 0 })
  const input = { chain, signer, kind: 'SettleDeals', body: { deals: [1] } } as const
  await expect(sendMessage({ ...input, feeMax: 99n })).rejects.toMatchObject({ code: 'PRICE_ABOVE_MAX' })
  expect(submitted).toEqual([])
  for (const feeMax of [100n, 150n, undefined])
    await expect(sendMessage({ ...input, feeMax })).rejects.toMatchObject({ code: 'TX_MALFORMED' })
  const [least, some = 0n, free = 0n] = submitted
  expect([least, some]).toEqual([100n, 150n])
  expect(free).toBeGreaterThanOrEqual(200n)
})

test.each([
  ['that it waits still is asked again, with the same bytes', 'PENDING', undefined, /^OK$/],
  [
    'of another transaction is not believed',
    'OK',
    `0x${'22'.repeat(32)}` as const,
    /CHAIN_ANSWER_INVALID.*it tells of/,
  ],
])('a node that answers %s', async (_what, code, otherId, expected) => {
  const sent: string[] = []
  async function node(url: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> {
    const path = new URL(`${url}`).pathname
    if (init?.method === 'POST') {
      const bytes = new Uint8Array(await new Response(init.body).arrayBuffer())
      const id = hashOf(typedTransaction(`0x${'11'.repeat(32)}`, decodeTransaction(bytes).tx).digest)
      sent.push(id)
      const tx = { id: otherId ?? id, height: 8, kind: 'SettleDeals', fee: '1', events: [], executionMs: 1 }
      return Response.json({ ...tx, code: sent.length > 1 ? 'OK' : code }, { headers })
    }
    const fees = { feeBase: '100', feeByte: '0', feeUnit: '0', feeProving: '0' }
    const account = { height: 7, address: signer.address, exists: true, balance: '9', sequences: {}, locked: '0' }
    const answers = { '/v1/status': { ...status, height: 7 }, '/v1/params': { height: 7, fees, params: {} } }
    return Response.json(path in answers ? answers[path as keyof typeof answers] : account, { headers })
  }
  const signer = accountSigner(new Uint8Array(32).fill(7))
  const chain = createChainClient({ url: 'http://127.0.0.1:1', fetch: node, retries: 0 })
  const sending = sendMessage({ chain, signer, kind: 'SettleDeals', body: { deals: [1] } })
  const found = await sending.then(
    (tx) => tx.code,
    (error: { readonly code: string; readonly message: string }) => `${error.code} ${error.message}`,
  )
  expect(found).toMatch(expected)
  expect(new Set(sent).size).toBe(1)
})

test('a wallet whose person never answers is not waited for when the call is ended', async () => {
  const stop = new AbortController()
  const reason = new Error('enough')
  const { address } = accountSigner(new Uint8Array(32).fill(7))
  const sign = () => {
    stop.abort(reason)
    return new Promise<Uint8Array>(() => undefined)
  }
  const fees = { feeBase: '100', feeByte: '0', feeUnit: '0', feeProving: '0' }
  const account = { address, exists: true, balance: '9', sequences: {}, locked: '0' }
  const node = async () => Response.json({ ...status, ...account, height: 7, fees, params: {} }, { headers })
  const chain = createChainClient({ url: 'http://127.0.0.1:1', fetch: node, retries: 0 })
  const input = { chain, signer: { address, sign }, kind: 'SettleDeals', body: { deals: [1] } } as const
  await expect(sendMessage(input, { signal: stop.signal })).rejects.toBe(reason)
})
