import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accountSigner, feeOf } from '@granary/protocol/messages'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Devnet, startDevnet } from '../../../provider/test/start-devnet.ts'
import { checkFunds } from './check-funds.ts'

let folder: string
let devnet: Devnet

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-funds-'))
  devnet = await startDevnet(folder)
}, 60_000)
afterAll(async () => {
  await devnet?.stop()
  await rm(folder, { recursive: true })
})

test('what is checked before paying is the price, the record of the deal and the fee of its message', async () => {
  const { chain } = devnet
  const { address } = accountSigner(new Uint8Array(randomBytes(32)))
  await chain.faucet(address)
  const [{ balance }, fees, { accountFee }] = await Promise.all([chain.account(address), chain.fees(), chain.params()])
  const most = BigInt(balance) - accountFee / 5n - 2n * feeOf('PublishDeal', 1024, fees)
  expect(accountFee).toBeGreaterThan(0n)
  await checkFunds({ chain, address, prices: [most] }, {})
  const error = await checkFunds({ chain, address, prices: [most + 1n] }, {}).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'INSUFFICIENT_FUNDS', details: { missing: '1' } })
  expect(error).toMatchObject({ hint: expect.not.stringContaining('first transfer') })
})

test('an account without a record is told what the first transfer to it costs beside the amount', async () => {
  const { address } = accountSigner(new Uint8Array(randomBytes(32)))
  const refused = checkFunds({ chain: devnet.chain, address, prices: [1n] }, {})
  await expect(refused).rejects.toMatchObject({
    hint: expect.stringContaining('the first transfer to it costs its sender 0.001 GRN more'),
  })
})
