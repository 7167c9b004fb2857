import type { Address, Quote } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { requireFundsOnceABlock } from './require-funds.ts'

const client: Address = `0x${'01'.repeat(20)}`
const other: Address = `0x${'02'.repeat(20)}`

function checked({ balance = 10n, open = 1 } = {}) {
  const state = { balance, open, height: 1, asked: 0 }
  const upload = { uploadId: '00', client, quoteId: '00', sizeBytes: 1, createdAtMs: 0 }
  const require = requireFundsOnceABlock({
    uploads: { ofClient: () => Array.from({ length: state.open }, () => upload) },
    quotes: { ofUpload: () => ({ total: 5n }) as Quote },
    chain: {
      freeBalanceOf: async () => {
        state.asked += 1
        return state.balance
      },
      publishFee: async () => 0n,
    },
    height: () => state.height,
  })
  return { state, require }
}

test('who could pay in a block is not asked for again in it', async () => {
  const { state, require } = checked()
  for (let request = 0; request < 10; request += 1) await require(client)
  expect(state.asked).toBe(1)
  await require(other)
  expect(state.asked).toBe(2)
})

test('who can no longer pay is found out with the next block', async () => {
  const { state, require } = checked()
  await require(client)
  state.balance = 4n
  await require(client)
  state.height += 1
  await expect(require(client)).rejects.toMatchObject({ code: 'CLIENT_FUNDS_INSUFFICIENT' })
})

test('another upload has to be paid for too, in the same block', async () => {
  const { state, require } = checked()
  await require(client)
  state.open = 3
  await expect(require(client)).rejects.toMatchObject({ code: 'CLIENT_FUNDS_INSUFFICIENT' })
})

test('who has got money since may go on at once', async () => {
  const { state, require } = checked({ balance: 0n })
  await expect(require(client)).rejects.toMatchObject({ code: 'CLIENT_FUNDS_INSUFFICIENT' })
  state.balance = 5n
  await require(client)
})

test('an answer that comes after the next block holds for none', async () => {
  const { state, require } = checked()
  const first = require(client)
  state.height += 1
  await require(other)
  await first
  await require(client)
  expect(state.asked).toBe(3)
})
