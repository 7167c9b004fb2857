import type { Hex } from '@granary/base'
import { type ProofView, sendMessage } from '@granary/protocol/client'
import {
  createLightClient,
  type EmbeddedTrust,
  embeddedHeaderVerifier,
  type HeaderVerifier,
  verifyProofView,
} from '@granary/protocol/light'
import { type Address, hashOf, type Signer } from '@granary/protocol/messages'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Devnet, fundedSigner, newSigner, startDevnet } from '../../test/devnet.ts'

let devnet: Devnet
let trust: EmbeddedTrust
let headers: HeaderVerifier
let signer: Signer
let to: Address
let slow: Devnet

const SLOW_BLOCK_MS = 4_000
const OLD_BLOCKS = 90

beforeAll(async () => {
  slow = await startDevnet({ blockTimeMs: SLOW_BLOCK_MS })
  devnet = await startDevnet()
  const { chain } = devnet
  const { validators } = await chain.genesis()
  trust = { genesisHash: (await chain.status()).genesisHash, validators }
  headers = embeddedHeaderVerifier(trust)
  signer = await fundedSigner(chain)
  to = newSigner().address
  await sendMessage({ chain, signer, kind: 'Transfer', body: { to, amount: 7n } })
  await untilProvable((await chain.status()).height)
})

afterAll(async () => {
  await devnet.remove()
  await slow.remove()
})

async function untilProvable(height: number, { chain } = devnet): Promise<void> {
  for await (const event of chain.events({ types: ['block'], since: '0' })) if (event.height > height) return
}

const keyOf = (address: string) => `account/${address}`
const codeOf = async (call: Promise<unknown>): Promise<unknown> => {
  try {
    await call
    return undefined
  } catch (error) {
    return (error as { code?: unknown }).code
  }
}

test('a balance is proven from the validator key alone, and so is an account that has none', async () => {
  const light = createLightClient({ chain: devnet.chain, headers })
  expect(light.stateHeight).toBe(-1)
  const held = await light.account(to)
  expect(held.value).toMatchObject({ balance: 7n })
  expect(light.stateHeight).toBe(held.stateHeight)
  expect((await devnet.chain.block(held.stateHeight + 1)).header.timeMs).toBe(held.timeMs)
  expect((await light.account(newSigner().address)).value).toBeUndefined()
  expect((await light.deal(1)).value).toBeUndefined()
  expect((await light.provider(1000)).value).toBeUndefined()
  expect((await light.sector(1000, 0)).value).toBeUndefined()
})

test('records that change in every block are proven beside the tree', async () => {
  const view = await devnet.chain.proof('head')
  expect(view.proof.type).toBe('outside')
  expect((await verifyProofView(view, 'head', headers)).value).toBeDefined()
  expect(await codeOf(verifyProofView({ ...view, value: null }, 'head', headers))).toBe('PROOF_INVALID')
  expect(await codeOf(verifyProofView({ ...view, value: '0x80' }, 'head', headers))).toBe('PROOF_INVALID')
})

test('the states of the last blocks are proven, others refused by name', async () => {
  const { height } = await devnet.chain.status()
  const old = await devnet.chain.proof(keyOf(to), { height: 0 })
  expect(await verifyProofView(old, keyOf(to), headers)).toMatchObject({ value: undefined, stateHeight: 0 })
  for (const future of [height + 1000, 2 ** 50]) {
    await expect(devnet.chain.proof(keyOf(to), { height: future })).rejects.toMatchObject({ code: 'STATE_NOT_FOUND' })
  }
  for (const key of ['tree/', 'app-hash', 'a b', 'x'.repeat(300)]) {
    await expect(devnet.chain.proof(key)).rejects.toMatchObject({ code: 'REQUEST_INVALID' })
  }
})

test('every proof of the whole state verifies while blocks go on', async () => {
  const before = await devnet.chain.proof('genesis')
  expect(before.value).not.toBeNull()
  for (const key of ['genesis', 'params', 'next-ids', 'totals', 'draws', 'nothing', keyOf(signer.address)]) {
    expect((await verifyProofView(await devnet.chain.proof(key), key, headers)).key).toBe(key)
  }
})

const flip = (hex: Hex, at = 0): Hex => {
  const digit = Number.parseInt(hex[2 + at]!, 16) ^ 1
  return `0x${hex.slice(2, 2 + at)}${digit.toString(16)}${hex.slice(3 + at)}`
}

test('no change of an answer is believed', async () => {
  const { chain } = devnet
  const key = keyOf(to)
  const view = await chain.proof(key)
  const { proof } = view
  if (proof.type !== 'tree' || proof.leaf === null || view.value === null) throw new Error('not a proof of presence')
  expect((await verifyProofView(view, key, headers)).value).toBeDefined()
  const changed: [string, ProofView][] = [
    ['HEADER_NOT_SIGNED', { ...view, header: flip(view.header, 20) }],
    ['HEADER_NOT_SIGNED', { ...view, signature: flip(view.signature) }],
    ['HEADER_NOT_SIGNED', { ...view, signature: '0x' }],
    ['PROOF_INVALID', { ...view, value: flip(view.value, 4) }],
    ['PROOF_INVALID', { ...view, value: null }],
    ['PROOF_INVALID', { ...view, key: keyOf(signer.address) }],
    ['PROOF_INVALID', { ...view, proof: { ...proof, leaf: null } }],
    ['PROOF_INVALID', { ...view, proof: { ...proof, outsideHash: `${proof.outsideHash}00` } }],
    ['PROOF_INVALID', { ...view, proof: { type: 'outside', treeRoot: proof.outsideHash, outside: '0x80' } }],
    ['APP_HASH_MISMATCH', { ...view, proof: { ...proof, outsideHash: flip(proof.outsideHash) } }],
    ['APP_HASH_MISMATCH', { ...view, proof: { ...proof, siblings: proof.siblings.slice(1) } }],
    [
      'APP_HASH_MISMATCH',
      { ...view, proof: { ...proof, siblings: [flip(proof.siblings[0]!), ...proof.siblings.slice(1)] } },
    ],
  ]
  for (const [code, answer] of changed) expect(await codeOf(verifyProofView(answer, key, headers))).toBe(code)
  for (const junk of [{}, { ...view, proof: null }, { ...view, proof: { type: 'tree' } }]) {
    expect(await codeOf(verifyProofView(junk as ProofView, key, headers))).toMatch(
      /^(PROOF_INVALID|HEADER_NOT_SIGNED)$/,
    )
  }
})

test('another chain, or another validator, is not believed', async () => {
  const view = await devnet.chain.proof(keyOf(to))
  const other = embeddedHeaderVerifier({ ...trust, genesisHash: hashOf(new Uint8Array(32).fill(1)) })
  expect(await codeOf(verifyProofView(view, keyOf(to), other))).toBe('HEADER_NOT_SIGNED')
  const stranger = embeddedHeaderVerifier({ ...trust, validators: [`0x${'d7'.repeat(32)}`] })
  expect(await codeOf(verifyProofView(view, keyOf(to), stranger))).toBe('HEADER_NOT_SIGNED')
})

test('an old state is not shown to who has seen a newer one', async () => {
  const old = await devnet.chain.proof(keyOf(to), { height: 1 })
  let answer = await devnet.chain.proof(keyOf(to))
  const light = createLightClient({ chain: { proof: async () => answer }, headers })
  await light.read(keyOf(to))
  answer = old
  await expect(light.read(keyOf(to))).rejects.toMatchObject({ code: 'PROOF_STALE' })
})

test('showing an old state at the first read: a head that is old by the clock of the reader is refused, with its time', async () => {
  await untilProvable(OLD_BLOCKS + 1)
  const key = keyOf(to)
  const { height } = await devnet.chain.status()
  const old = await devnet.chain.proof(key, { height: height - OLD_BLOCKS })
  const { timeMs } = await verifyProofView(old, key, headers)
  const chain = { proof: async (asked: string) => (asked === key ? old : devnet.chain.proof(asked)) }
  const headAgeMaxMs = 1_000
  const attacked = createLightClient({ chain, headers, headAgeMaxMs })
  await expect(attacked.account(to)).rejects.toMatchObject({
    code: 'HEAD_TOO_OLD',
    retryable: true,
    message: expect.stringContaining(new Date(timeMs).toISOString()),
    details: { timeMs, ageMaxMs: headAgeMaxMs },
  })
  expect(attacked.stateHeight).toBe(-1)
  const light = createLightClient({ chain, headers, now: () => timeMs + 30_001 })
  await expect(light.account(to)).rejects.toMatchObject({ code: 'HEAD_TOO_OLD', details: { ageMaxMs: 30_000 } })
  const inTime = createLightClient({ chain, headers, now: () => timeMs + 30_000 })
  expect((await inTime.account(to)).timeMs).toBe(timeMs)
})

test('where blocks take long, a head may be ten of them old; the block time is read from the proven genesis', async () => {
  await untilProvable(0, slow)
  const { genesisHash } = await slow.chain.status()
  const { validators } = await slow.chain.genesis()
  const slowHeaders = embeddedHeaderVerifier({ genesisHash, validators })
  const proof = await slow.chain.proof('params')
  const { timeMs } = await verifyProofView(proof, 'params', slowHeaders)
  const chain = { proof: async (key: string) => (key === 'params' ? proof : slow.chain.proof(key)) }
  const readAfter = (ms: number) =>
    createLightClient({ chain, headers: slowHeaders, now: () => timeMs + ms }).read('params')
  expect((await readAfter(10 * SLOW_BLOCK_MS)).timeMs).toBe(timeMs)
  await expect(readAfter(10 * SLOW_BLOCK_MS + 1)).rejects.toMatchObject({ code: 'HEAD_TOO_OLD' })
  const forged = { proof: async (key: string) => (key === 'params' ? proof : { ...proof, key }) }
  const misled = createLightClient({ chain: forged, headers: slowHeaders, now: () => timeMs + 10 * SLOW_BLOCK_MS })
  await expect(misled.read('params')).rejects.toMatchObject({ code: 'PROOF_INVALID' })
})
