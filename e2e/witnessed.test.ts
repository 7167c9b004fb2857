/** Two nodes of one genesis and one key that have never heard of each other: each shows a chain of its own, signed as it has to be. */
import { randomBytes } from 'node:crypto'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { initChain, type RunningChain, runChain } from '@granary/chain/node'
import { createGranary } from '@granary/client/node'
import { createChainClient } from '@granary/protocol/client'
import { createLightClient, embeddedHeaderVerifier, witnessedChain } from '@granary/protocol/light'
import { accountSigner, addressOf } from '@granary/protocol/messages'
import { afterAll, beforeAll, expect, test } from '@jest/globals'

import { granary } from '../packages/cli/test/granary.ts'

let home: string
let node: RunningChain
let fork: RunningChain

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'granary-witness-'))
  const [one, other] = [join(home, 'one'), join(home, 'other')]
  await initChain({ home: one, devnet: true, blockTimeMs: 100 })
  await cp(one, other, { recursive: true })
  ;[node, fork] = [await runChain({ home: one, port: 0 }), await runChain({ home: other, port: 0 })]
}, 60_000)
afterAll(async () => {
  await node.stop()
  await fork.stop()
  await rm(home, { recursive: true })
})

const gone = 'http://127.0.0.1:1'

async function payer(witnesses: readonly string[]) {
  const signer = accountSigner(new Uint8Array(randomBytes(32)))
  const chain = createChainClient({ url: node.url, retries: 1 })
  await chain.faucet(signer.address)
  const to = addressOf(new Uint8Array(randomBytes(32)))
  const granary = createGranary({ chain, witnesses, signer, folder: join(home, signer.address) })
  return { pay: () => granary.transfer({ to, amount: 1n }), received: async () => (await chain.account(to)).balance }
}

test('nothing is sent where a witness shows another chain, and what both have shown is kept', async () => {
  const { pay, received } = await payer([node.url, fork.url])
  const error = await pay().catch((error: unknown) => error)
  expect(error).toMatchObject({ code: 'CHAIN_DIVERGES', details: { height: expect.any(Number) } })
  const { shown } = (error as { details: { shown: { url: string; header: string; signature: string }[] } }).details
  expect(shown.map(({ url }) => url)).toEqual([node.url, fork.url])
  expect(new Set(shown.map(({ header }) => header)).size).toBe(2)
  for (const { signature } of shown) expect(signature).toMatch(/^0x[0-9a-f]{128}$/)
  // For good: the witness may be silent by then.
  await expect(pay()).rejects.toMatchObject({ code: 'CHAIN_DIVERGES' })
  expect(await received()).toBe('0')
})

test('one witness that shows the same is enough; where none answers nothing is sent', async () => {
  const seen = await payer([node.url])
  await seen.pay()
  expect(await seen.received()).toBe('1')
  const alone = await payer([])
  await alone.pay()
  expect(await alone.received()).toBe('1')
  const chain = createChainClient({ url: node.url })
  const nobody = createChainClient({ url: gone, retries: 0 })
  await expect(witnessedChain(chain, [nobody]).submit(new Uint8Array(1))).rejects.toMatchObject({
    code: 'CHAIN_UNREACHABLE',
    details: { url: gone },
  })
  const one = createChainClient({ url: node.url })
  await expect(witnessedChain(chain, [nobody, one]).submit(new Uint8Array(1))).rejects.not.toMatchObject({
    code: 'CHAIN_UNREACHABLE',
  })
})

test('the program takes witnesses by a flag, and keeps what they showed in its JSON', async () => {
  const where = ['--home', join(home, 'client'), '--chain', node.url]
  expect(await granary(['wallet', 'new', ...where])).toMatchObject({ code: 0 })
  await granary(['wallet', 'faucet', ...where])
  const send = ['wallet', 'send', `0x${'ab'.repeat(20)}`, '1', ...where, '--yes', '--json', '--witness']
  const { code, stdout } = await granary([...send, fork.url])
  const { error } = JSON.parse(stdout)
  expect([code, error.code]).toEqual([5, 'CHAIN_DIVERGES'])
  expect(error.details.shown.map(({ url }: { url: string }) => url)).toEqual([node.url, fork.url])
  expect(await granary([...send, node.url])).toMatchObject({ code: 0 })
  const doctor = await granary(['doctor', ...where, '--json', '--witness', fork.url])
  expect(JSON.parse(doctor.stdout).data.findings).toContainEqual(
    expect.objectContaining({ check: 'chain', state: 'wrong', code: 'CHAIN_DIVERGES' }),
  )
})

test('no state is believed that a witness contradicts, and a wrapped client is the chain in all else', async () => {
  const [chain, same, other] = [node, node, fork].map(({ url }) => createChainClient({ url })) as [
    ReturnType<typeof createChainClient>,
    ReturnType<typeof createChainClient>,
    ReturnType<typeof createChainClient>,
  ]
  const { genesisHash } = await chain.status()
  const { validators } = await chain.genesis()
  const stateBy = (witnesses: readonly (typeof chain)[]) => {
    const headers = embeddedHeaderVerifier({ genesisHash, validators })
    return createLightClient({ chain: witnessedChain(chain, witnesses), headers }).newest()
  }
  expect((await stateBy([same])).height).toBeGreaterThanOrEqual(0)
  await expect(stateBy([same, other])).rejects.toMatchObject({ code: 'CHAIN_DIVERGES' })
  const watched = witnessedChain(chain, [same])
  await watched.status()
  expect([watched.url, watched.genesisHash, watched.height]).toEqual([chain.url, genesisHash, chain.height])
})
