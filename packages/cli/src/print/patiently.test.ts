import { expect, test } from '@jest/globals'
import { serve } from '../../../client/test/serve.ts'
import { granary } from '../../test/granary.ts'

const cid = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'

test('who asks for what takes long is told that it goes on', async () => {
  const commands = [
    ['quote', import.meta.filename],
    ['ls', cid],
    ['cat', cid],
    ['status', cid],
    ['verify', cid],
  ]
  const held = [...commands, ['deals'], ['providers']].map(async (args) => {
    const waits = Promise.withResolvers<void>()
    // Held back until it is said: without a word there is no answer at all.
    await using chain = await serve((_, response) => void waits.promise.then(() => response.writeHead(404).end('{}')))
    const { stdout } = await granary(args, { GRANARY_CHAIN: chain.url }, [], '/', (text) => {
      if (/waiting +\d+ s since start/.test(text)) waits.resolve()
    })
    expect(stdout).toBe('')
  })
  await Promise.all(held)
})
