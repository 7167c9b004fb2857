import { createChainClient } from '@granary/protocol/client'
import { expect, test } from '@jest/globals'
import { clientSigner } from '../../test/a-deal.ts'
import { memoryPorts } from '../memory/memory-ports.ts'
import { upload } from './upload.ts'

test('an upload that is ended before anybody has begun it has nothing to tell, and says so', async () => {
  const chain = createChainClient({ url: 'http://127.0.0.1:1', retries: 0 })
  const never = upload(memoryPorts({ chain, account: clientSigner }), new Uint8Array(9))
  never.abort(new Error('enough'))
  expect(await Array.fromAsync(never)).toEqual([])
  await expect(never.done()).rejects.toThrow('enough')
})
