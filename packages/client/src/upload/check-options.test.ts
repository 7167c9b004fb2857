import { createChainClient } from '@granary/protocol/client'
import { expect, test } from '@jest/globals'
import { clientSigner } from '../../test/a-deal.ts'
import { memoryPorts } from '../memory/memory-ports.ts'
import { put } from './put.ts'
import { PutPartialError } from './put-partial.ts'

// Nobody is there: what cannot be meant is refused before anybody is asked.
const ports = memoryPorts({
  chain: createChainClient({ url: 'http://127.0.0.1:1', retries: 0 }),
  account: clientSigner,
})
const bytes = new Uint8Array(9)

test.each([
  { copies: 0 },
  { copies: -1 },
  { copies: 1.5 },
  { copies: Number.NaN },
  { copies: 1e9 },
  { maxPrice: 1e18 },
  { maxPrice: null },
  { maxPrice: '1' },
  { collateralShareBps: -1 },
  { collateralShareBps: 0.5 },
  { label: 5 },
  { label: '\ud800' },
  { until: 'sealed' },
])('%j is no option of a put', async (options) => {
  const [option] = Object.keys(options)
  const refused = put(ports, bytes, options as never)
  await expect(refused).rejects.toMatchObject({ code: 'PUT_OPTION_INVALID', details: { option } })
})

test('a label that is too long is refused as that', async () => {
  await expect(put(ports, bytes, { label: 'ü'.repeat(129) })).rejects.toMatchObject({ code: 'LABEL_TOO_LONG' })
})

test.each([[new ArrayBuffer(4)], [['text']], [5], [null], [undefined], [{}]])(
  '%p is nothing to be stored',
  async (given) => {
    await expect(put(ports, given as never)).rejects.toMatchObject({ code: 'SOURCE_INVALID' })
  },
)

test('a deal that is on the chain and was to be proven is told of once', () => {
  const deal = { piece: 0, copy: 0, state: 'published' }
  const failed = { slot: 0, piece: 0, copy: 0, code: 'CHAIN_UNREACHABLE', message: 'nobody there' }
  const one = new PutPartialError({ rootCid: 'r', deals: [deal] } as never, [failed], undefined)
  expect(one.message).toBe('0 of 1 deals for r are made; missing: copy 1 of piece 1: nobody there')
  const two = new PutPartialError({ rootCid: 'r', deals: [deal, { ...deal, copy: 1 }] } as never, [failed], undefined)
  expect(two.message).toMatch(/^1 of 2 deals/)
})
