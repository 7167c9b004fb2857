import { sendMessage } from '@granary/protocol/client'
import type { OpenApiDocument } from '@granary/protocol/http'
import { encodeTransaction } from '@granary/protocol/messages'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Devnet, fundedSigner, startDevnet } from '../../test/devnet.ts'
import { EXAMPLES, operations } from '../../test/operations.ts'

const RUNS = 40

let devnet: Devnet
let transaction: Uint8Array

beforeAll(async () => {
  devnet = await startDevnet()
  const signer = await fundedSigner(devnet.chain)
  await sendMessage({ chain: devnet.chain, signer, kind: 'Transfer', body: { to: signer.address, amount: 1n } })
  const envelope = { sender: signer.address, lane: 0, sequence: 9, validUntil: 9, maxFee: 9n }
  const body = { to: signer.address, amount: 1n }
  transaction = encodeTransaction({ kind: 'Transfer', ...envelope, body }, new Uint8Array(65))
})

afterAll(() => devnet.remove())

async function send(path: string, init: RequestInit = {}): Promise<{ status: number; body: unknown }> {
  const response = await fetch(devnet.node.url + path, init)
  if (response.headers.get('content-type')?.startsWith('text/event-stream')) {
    await response.body?.cancel()
    return { status: response.status, body: 'a stream' }
  }
  return { status: response.status, body: await response.json() }
}

const json = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

/** Answered, or refused by a typed error that tells what to do: never a fault. */
function expectVerdict({ status, body }: { status: number; body: unknown }): void {
  expect(status).toBeLessThan(500)
  if (status >= 400)
    expect(body).toMatchObject({
      error: { code: expect.stringMatching(/^[A-Z0-9_]+$/), message: expect.any(String), hint: expect.any(String) },
    })
}

test('the document names every operation once, with its parameters, its bodies and its answer', async () => {
  const document = (await send('/openapi.json')).body as OpenApiDocument
  expect(document.openapi).toBe('3.1.0')
  const found = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  )
  expect(found.sort()).toEqual(operations.map(({ method, path }) => `${method} ${path}`).sort())
  expect(document.paths['/v1/providers/{id}/partitions']?.get).toMatchObject({
    operationId: 'listPartitions',
    parameters: [
      { name: 'id', in: 'path', required: true, schema: { type: 'integer', minimum: 0 } },
      { name: 'after', in: 'query', required: false },
      { name: 'limit', in: 'query', required: false, schema: { minimum: 1, maximum: 200 } },
    ],
    responses: { 200: { content: { 'application/json': { schema: { type: 'object' } } } } },
  })
  expect(document.paths['/v1/txs']?.post).toMatchObject({
    requestBody: { content: { 'application/json': { schema: { required: ['tx'], additionalProperties: false } } } },
  })
  const chainHeaders = {
    'granary-genesis': { required: true, schema: { type: 'string' } },
    'granary-height': { required: true, schema: { type: 'integer' } },
  }
  for (const of of Object.values(document.paths).flatMap((methods) => Object.values(methods))) {
    expect(of).toMatchObject({ responses: { 200: { headers: chainHeaders }, default: { headers: chainHeaders } } })
  }
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, name]) => name)
  expect(new Set(references)).toEqual(new Set(['#/components/schemas/Error']))
  expect(document.components.schemas).toHaveProperty('Error')
})

test.each(operations.map((operation) => [operation.id, operation] as const))(
  '%s answers its example as documented, at a height, or refuses it by name',
  async (_, operation) => {
    const [path, body] = EXAMPLES[operation.id]!
    const answer = await send(path, body === undefined ? {} : json(body))
    expectVerdict(answer)
    if (answer.status >= 400) {
      expect([...operation.errors, 'REQUEST_INVALID']).toContain(
        (answer.body as { error: { code: string } }).error.code,
      )
      return
    }
    expect(operation.answer.safeParse(answer.body)).toMatchObject({ success: true })
    if (operation.type === undefined) expect(answer.body).toMatchObject({ height: expect.any(Number) })
  },
)

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.nat().map(String),
  fc.bigInt().map(String),
  fc.constantFrom('-1', '1e9', '0x', 'null', '[]', '%00', '../..', '__proto__', `0x${'ff'.repeat(20)}`),
)
const queries = fc.array(
  fc.tuple(
    fc.constantFrom('after', 'limit', 'client', 'provider', 'wait', 'since', 'types', 'tag', 'epoch', 'x'),
    text,
  ),
  { maxLength: 4 },
)

test.each(operations.map((operation) => [operation.id, operation] as const))(
  '%s refuses whatever breaks its form, and is never at fault',
  async (_, { path, method }) => {
    const paths = fc.tuple(fc.array(text, { minLength: 2, maxLength: 2 }), queries).map(([values, query]) => {
      let index = 0
      const filled = path.replaceAll(/\{\w+\}/g, () => encodeURIComponent(values[index++] || 'x'))
      return `${filled}?${new URLSearchParams(query)}`
    })
    const bodies = fc.oneof(
      fc.json().map((body) => ['application/json', body] as const),
      fc.record({ tx: fc.base64String() }).map((body) => ['application/json', JSON.stringify(body)] as const),
      fc.tuple(fc.constantFrom('application/json', 'application/octet-stream', 'text/plain'), fc.string()),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => ['application/octet-stream', bytes] as const),
      fc
        .tuple(fc.nat(transaction.length - 1), fc.nat(255))
        .map(([at, byte]) => ['application/octet-stream', transaction.with(at, byte)] as const),
    )
    await fc.assert(
      fc.asyncProperty(paths, bodies, async (target, [type, body]) => {
        const init =
          method === 'get'
            ? {}
            : { method: 'POST', headers: { 'content-type': type }, body: body as Uint8Array<ArrayBuffer> }
        expectVerdict(await send(target, init))
      }),
      { numRuns: RUNS },
    )
  },
)
