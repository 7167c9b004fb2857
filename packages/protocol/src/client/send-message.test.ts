import { expect, test } from '@jest/globals'
import { accountSigner } from '../messages/index.ts'
import { createChainClient } from './create-chain-client.ts'
import { sendMessage } from './send-message.ts'

const headers = { 'granary-genesis': `0x${'11'.repeat(32)}`, 'granary-height': '7' }

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
