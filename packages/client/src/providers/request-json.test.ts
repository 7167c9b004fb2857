import { expect, test } from '@jest/globals'
import * as z from 'zod/mini'
import { serve } from '../../test/serve.ts'
import { requestJson } from './request-json.ts'
import { retrying } from './retrying.ts'

const schema = z.object({})

/** On a busy machine the request is on its way for a while, too. */
const TIMEOUT_MS = 2_000

test('a provider that takes a request and does not answer is asked once; one that is not there for a moment, again', async () => {
  let asked = 0
  await using silent = await serve(() => {
    asked += 1
  })
  const { url } = silent
  const waited = retrying(() => requestJson({ url, schema, timeoutMs: TIMEOUT_MS }), { retries: 2 })
  await expect(waited).rejects.toMatchObject({ code: 'PROVIDER_UNREACHABLE' })
  expect(asked).toBe(1)

  let tries = 0
  const refused = async () => {
    tries += 1
    return await requestJson({ url: 'http://127.0.0.1:1', schema })
  }
  await expect(retrying(refused, { retries: 1 })).rejects.toMatchObject({ code: 'PROVIDER_UNREACHABLE' })
  expect(tries).toBe(2)
})
