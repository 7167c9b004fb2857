/** Who may enter a gateway stands in its address, and in nothing that is told of it. */
import { createChainClient } from '@granary/protocol/client'
import { expect, test } from '@jest/globals'
import { fileContent, someBytes } from '../../test/a-content.ts'
import { serveChain } from '../../test/chain-answers.ts'
import { holderOf } from '../../test/holders.ts'
import { hastened } from '../../test/retrieval-market.ts'
import type { Fetch } from '../ports.ts'
import { get } from './get.ts'
import type { GetProgress } from './get-progress.ts'

const gateways = ['http://usher:hushed@127.0.0.1:9/']

test('the user and the password of a gateway are in no error and in nothing that is told on the way', async () => {
  const { cid } = await fileContent(someBytes(100, 1))
  await using served = await serveChain(() => ({}))
  const chain = createChainClient({ url: served.url })
  const told: GetProgress[] = []
  const onProgress = (progress: GetProgress) => void told.push(progress)
  // The platform's fetch takes no such address, and names it whole in its error.
  const failed = get({ chain, clock: hastened(100), fetch }, cid, { gateways, onProgress })
  const error = await failed.catch((caught: unknown) => caught)
  expect(error).toMatchObject({ code: 'RETRIEVAL_FAILED', failures: [{ endpoint: 'http://127.0.0.1:9' }] })
  expect(told.map(({ type }) => type)).toEqual(['provider:trying', 'provider:failed'])
  expect(JSON.stringify([error, told, (error as Error).message])).not.toMatch(/usher|hushed/)
})

test('they are in no report either, and are asked with where somebody takes them', async () => {
  const { cid, blocks } = await fileContent(someBytes(100, 1))
  await using served = await serveChain(() => ({}))
  const chain = createChainClient({ url: served.url })
  const asked: string[] = []
  const answer = holderOf(blocks)
  const taking: Fetch = async (input) => {
    asked.push(String(input))
    return await answer(new Request(String(input).replace('usher:hushed@', '')))
  }
  const got = await get({ chain, clock: hastened(1), fetch: taking }, cid, { gateways })
  expect(asked[0]).toMatch(/^http:\/\/usher:hushed@127\.0\.0\.1:9\/ipfs\//)
  expect(got.report).toMatchObject([{ endpoint: 'http://127.0.0.1:9' }])
})
