import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createChainClient, type FollowedEvent, sendMessage } from '@granary/protocol/client'
import { encodeTransaction, type Signer, type Transaction, typedTransaction } from '@granary/protocol/messages'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Devnet, fundedSigner, newSigner, startDevnet } from '../../test/devnet.ts'

let devnet: Devnet

beforeAll(async () => {
  devnet = await startDevnet()
})

afterAll(() => devnet.remove())

const GRN = 10n ** 18n

async function transfer(signer: Signer, over: Partial<Transaction<'Transfer'>> = {}): Promise<Uint8Array> {
  const { genesisHash, height } = await devnet.chain.status()
  const tx: Transaction<'Transfer'> = {
    kind: 'Transfer',
    sender: signer.address,
    lane: 0,
    sequence: 0,
    validUntil: height + 1000,
    maxFee: GRN,
    body: { to: newSigner().address, amount: 1n },
    ...over,
  }
  return encodeTransaction(tx, await signer.sign(typedTransaction(genesisHash, tx)))
}

test('a transfer is committed, visible in both accounts, in its block and by its id', async () => {
  const { chain } = devnet
  const signer = await fundedSigner(chain)
  const to = newSigner().address
  const tx = await sendMessage({ chain, signer, kind: 'Transfer', body: { to, amount: 3n * GRN } })
  expect(tx).toMatchObject({ code: 'OK', kind: 'Transfer', events: [{ type: 'transfer' }] })
  expect(tx.executionMs).toBeGreaterThan(0)
  expect((await chain.account(to)).balance).toBe(String(3n * GRN))
  const sender = await chain.account(signer.address)
  const accountFee = BigInt((await chain.params()).accountFee)
  expect(sender).toMatchObject({ balance: String(997n * GRN - BigInt(tx.fee) - accountFee), sequences: { 0: 1 } })
  expect((await chain.block(tx.height)).txs).toContainEqual({ id: tx.id, kind: 'Transfer', code: 'OK' })
  expect(await chain.tx(tx.id)).toEqual(tx)
})

test('the same bytes sent twice, at once and later, happen once', async () => {
  const { chain } = devnet
  const signer = await fundedSigner(chain)
  const bytes = await transfer(signer, { body: { to: newSigner().address, amount: 5n } })
  const [first, second] = await Promise.all([chain.submit(bytes, { wait: true }), chain.submit(bytes, { wait: true })])
  expect(second).toEqual(first)
  expect(await chain.submit(bytes)).toEqual(first)
  expect((await chain.account(signer.address)).sequences).toEqual({ 0: 1 })
})

test('without waiting, a transaction is pending first; the next sequence counts it', async () => {
  const { chain } = devnet
  const signer = await fundedSigner(chain)
  const first = await chain.submit(await transfer(signer))
  const second = await chain.submit(await transfer(signer, { sequence: 1 }), { wait: true })
  expect(first).toMatchObject({ code: 'PENDING' })
  expect(await chain.tx(first.id)).toMatchObject({ code: 'OK' })
  expect(second.code).toBe('OK')
})

test.each([
  ['a used sequence', 'SEQUENCE_TOO_LOW', { sequence: 0 }],
  ['a gap', 'SEQUENCE_GAP', { sequence: 9 }],
  ['an epoch that has passed', 'TX_EXPIRED', { sequence: 1, validUntil: 0 }],
  ['a fee that is too low', 'FEE_TOO_LOW', { sequence: 1, maxFee: 1n }],
])('%s is refused at once with %s', async (_, code, over) => {
  const { chain } = devnet
  const signer = await fundedSigner(chain)
  await chain.submit(await transfer(signer), { wait: true })
  await expect(chain.submit(await transfer(signer, over))).rejects.toMatchObject({
    code,
    hint: expect.stringMatching(/./),
  })
})

test('where the rules name an epoch the node says its date, at once and of what is in a block', async () => {
  const { chain } = devnet
  const signer = await fundedSigner(chain)
  const date = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d UTC`
  await expect(chain.submit(await transfer(signer, { validUntil: 0 }))).rejects.toMatchObject({
    code: 'TX_EXPIRED',
    message: expect.stringMatching(`until ${date} \\(epoch 0\\), this is ${date} \\(epoch \\d+\\)$`),
  })
  const body = { publicKey: new Uint8Array(32).fill(7), scopes: ['Transfer'], expires: 1, spendingLimit: 0n }
  const sent = sendMessage({ chain, signer, kind: 'AuthorizeKey', body })
  const error = await sent.catch((caught: unknown) => caught)
  expect(error).toMatchObject({
    code: 'KEY_INVALID',
    message: expect.stringMatching(`at ${date} \\(epoch 1\\), this is ${date}`),
  })
})

test('twenty messages at once in one lane all get their sequence', async () => {
  const { chain } = devnet
  const signer = await fundedSigner(chain)
  const to = newSigner().address
  const send = () => sendMessage({ chain, signer, kind: 'Transfer', body: { to, amount: 1n } })
  const txs = await Promise.all(Array.from({ length: 20 }, send))
  expect(new Set(txs.map((tx) => tx.id)).size).toBe(20)
  expect((await chain.account(to)).balance).toBe('20')
})

test('an answer that was lost does not make a message happen twice', async () => {
  const signer = await fundedSigner(devnet.chain)
  const to = newSigner().address
  let lost = 0
  // The request reaches the node, its answer does not come back.
  const lossy: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    if (init?.method !== 'POST' || lost >= 5) return response
    lost += 1
    await response.arrayBuffer()
    throw new TypeError('fetch failed')
  }
  const chain = createChainClient({ url: devnet.node.url, fetch: lossy, retries: 1 })
  const tx = await sendMessage({ chain, signer, kind: 'Transfer', body: { to, amount: 9n } })
  expect(lost).toBe(5)
  expect(tx.code).toBe('OK')
  expect((await devnet.chain.account(to)).balance).toBe('9')
  expect((await devnet.chain.account(signer.address)).sequences).toEqual({ 0: 1 })
})

test('money that is not there is refused with its code and a hint', async () => {
  const body = { to: newSigner().address, amount: 1n }
  await expect(sendMessage({ chain: devnet.chain, signer: newSigner(), kind: 'Transfer', body })).rejects.toMatchObject(
    { code: 'INSUFFICIENT_FUNDS', hint: expect.stringMatching(/./) },
  )
})

test('events go on behind the last one after every broken connection: none lost, none twice', async () => {
  const since = (await devnet.chain.status()).height
  const connections: AbortController[] = []
  const breaking: typeof fetch = (input, init) => {
    const connection = new AbortController()
    connections.push(connection)
    return fetch(input, {
      ...init,
      signal: AbortSignal.any([connection.signal, ...(init?.signal ? [init.signal] : [])]),
    })
  }
  const chain = createChainClient({ url: devnet.node.url, fetch: breaking })
  const signer = await fundedSigner(devnet.chain)
  const to = newSigner().address
  const sending = (async () => {
    for (let count = 0; count < 12; count += 1)
      await sendMessage({ chain: devnet.chain, signer, kind: 'Transfer', body: { to, amount: 1n } })
  })()
  const seen: FollowedEvent[] = []
  for await (const event of chain.events({ since: String(since) })) {
    seen.push(event)
    if (seen.length % 7 === 0) connections.at(-1)?.abort()
    if (seen.filter((each) => each.type === 'transfer' && each.to === to).length === 12) break
  }
  await sending
  expect(connections.length).toBeGreaterThan(2)
  expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length)
  const blocks = seen.filter(({ type }) => type === 'block').map(({ height }) => height)
  expect(blocks).toEqual(blocks.map((_, index) => since + 1 + index))
})

test('a stream of chosen types has only those, and resumes even when none has come yet', async () => {
  const { promise: connected, resolve: connect } = Promise.withResolvers<AbortController>()
  const breaking: typeof fetch = async (input, init) => {
    const connection = new AbortController()
    const signal = AbortSignal.any([connection.signal, ...(init?.signal ? [init.signal] : [])])
    const response = await fetch(input, { ...init, signal })
    connect(connection)
    return response
  }
  const chain = createChainClient({ url: devnet.node.url, fetch: breaking })
  const events = chain.events({ types: ['transfer'] })[Symbol.asyncIterator]()
  const first = events.next()
  const connection = await connected
  for await (const _ of devnet.chain.events({ types: ['block'] })) break
  connection.abort()
  const { address } = newSigner()
  await devnet.chain.faucet(address)
  let { value } = await first
  while (value?.to !== address) ({ value } = await events.next())
  expect(value).toMatchObject({ type: 'transfer', to: address })
  await events.return?.(undefined)
})

test('an abort ends a stream and a wait with its own reason', async () => {
  const { chain } = devnet
  const reason = new Error('enough')
  const follow = async () => {
    for await (const _ of chain.events({ signal: AbortSignal.timeout(100) }));
  }
  await expect(follow()).rejects.toMatchObject({ name: 'TimeoutError' })
  await expect(chain.status({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
})

test('an address where nobody listens is CHAIN_UNREACHABLE, for calls, streams and messages', async () => {
  const free = createServer()
  await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve))
  const { port } = free.address() as AddressInfo
  await new Promise((resolve) => free.close(resolve))
  const url = `http://127.0.0.1:${port}`
  const chain = createChainClient({ url, retries: 1 })
  const unreachable = { code: 'CHAIN_UNREACHABLE', retryable: true, message: expect.stringContaining(url) }
  await expect(chain.status()).rejects.toMatchObject(unreachable)
  await expect(chain.events()[Symbol.asyncIterator]().next()).rejects.toMatchObject(unreachable)
  const body = { to: newSigner().address, amount: 1n }
  await expect(sendMessage({ chain, signer: newSigner(), kind: 'Transfer', body })).rejects.toMatchObject(unreachable)
})

test('something that is no chain node is told apart from one', async () => {
  const other = createServer((_, response) => response.end('<html>hello</html>'))
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as AddressInfo
  const chain = createChainClient({ url: `http://127.0.0.1:${port}` })
  await expect(chain.status()).rejects.toMatchObject({ code: 'CHAIN_ANSWER_INVALID' })
  await new Promise((resolve) => other.close(resolve))
})

test('an answer without end is left', async () => {
  const closed = Promise.withResolvers<void>()
  const other = createServer((_, response) => {
    const megabyte = Buffer.alloc(1 << 20, ' ')
    const more = (): void => void response.write(megabyte, () => !response.destroyed && setImmediate(more))
    response.on('close', () => closed.resolve())
    more()
  })
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as AddressInfo
  const chain = createChainClient({ url: `http://127.0.0.1:${port}` })
  await expect(chain.status()).rejects.toMatchObject({ code: 'CHAIN_ANSWER_INVALID' })
  await closed.promise
  await new Promise((resolve) => other.close(resolve))
})

test.each(['', 'localhost:7460', 'ftp://127.0.0.1', 'nonsense'])('"%s" is not an address of a node', (url) => {
  expect(() => createChainClient({ url })).toThrow(expect.objectContaining({ code: 'CHAIN_URL_INVALID' }))
})

test.each(['http://usher:hushed@127.0.0.1:1', 'https://usher@127.0.0.1:1/', 'http:/:hushed@host'])(
  'an address with a user or a password, %s, is refused and not shown: no fetch would take it',
  (url) => {
    const refused = expect.objectContaining({
      ...{ code: 'CHAIN_URL_INVALID', message: expect.not.stringMatching(/usher|hushed/) },
      details: { url: expect.not.stringMatching(/usher|hushed/) },
    })
    expect(() => createChainClient({ url })).toThrow(refused)
  },
)

test('parameters and genesis come back as they are in the state', async () => {
  const { chain } = devnet
  const [params, genesis] = await Promise.all([chain.params(), chain.genesis()])
  expect(params).toEqual(genesis.params)
  expect(typeof params.feeBase).toBe('bigint')
})

test('the supply is all in some place', async () => {
  const { height, genesis, minted, burnt, power, rewardPerGiBEpoch, ...places } = await devnet.chain.supply()
  const held = Object.values(places).reduce((sum, amount) => sum + BigInt(amount), 0n)
  expect(held).toBe(BigInt(genesis) + BigInt(minted) - BigInt(burnt))
  expect({ height, power, rewardPerGiBEpoch }).toEqual({
    height: expect.any(Number),
    power: '0',
    rewardPerGiBEpoch: expect.stringMatching(/^[1-9][0-9]*$/),
  })
})

test('lists page through to their end', async () => {
  const { chain } = devnet
  const owners = await Promise.all(Array.from({ length: 5 }, () => fundedSigner(chain)))
  for (const signer of owners) {
    const body = {
      payout: signer.address,
      sessionKey: randomBytes(32),
      endpoints: ['http://127.0.0.1:1'],
      peerId: '',
      region: '',
      name: 'test',
    }
    await sendMessage({
      chain,
      signer,
      kind: 'RegisterProvider',
      body: { ...body, sessionKey: new Uint8Array(body.sessionKey) },
    })
  }
  const ids: number[] = []
  for await (const provider of chain.providers()) ids.push(provider.id)
  expect(ids).toEqual([1000, 1001, 1002, 1003, 1004])
  const first = await (await fetch(`${devnet.node.url}/v1/providers?limit=2`)).json()
  expect(first).toMatchObject({ items: [{ id: 1000 }, { id: 1001 }], next: '1001' })
  const rest = await (await fetch(`${devnet.node.url}/v1/providers?limit=9&after=1001`)).json()
  expect(rest).toMatchObject({ items: [{ id: 1002 }, { id: 1003 }, { id: 1004 }], next: null })
  expect(await chain.partitions(1000)).toEqual([])
  expect(await Array.fromAsync(chain.deals({ provider: 1000 }))).toEqual([])
})
