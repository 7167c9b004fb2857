import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Devnet, fundedSigner, newSigner, startDevnet } from '../../test/devnet.ts'
import { type ProofView, sendMessage } from '../client/index.ts'
import { type Address, type Hex, hashOf, type Signer } from '../messages/index.ts'
import { createLightClient, type Trust, verifyProofView } from './index.ts'

let devnet: Devnet
let trust: Trust
let signer: Signer
let to: Address

beforeAll(async () => {
  devnet = await startDevnet()
  const { chain } = devnet
  const { validator } = await chain.genesis()
  trust = { genesisHash: (await chain.status()).genesisHash, validator }
  signer = await fundedSigner(chain)
  to = newSigner().address
  await sendMessage({ chain, signer, kind: 'Transfer', body: { to, amount: 7n } })
  await untilProvable((await chain.status()).height)
})

afterAll(() => devnet.remove())

async function untilProvable(height: number): Promise<void> {
  for await (const event of devnet.chain.events({ types: ['block'], since: '0' })) if (event.height > height) return
}

const keyOf = (address: string) => `account/${address}`
const codeOf = (call: () => unknown): unknown => {
  try {
    call()
    return undefined
  } catch (error) {
    return (error as { code?: unknown }).code
  }
}

test('a balance is proven from the validator key alone, and so is an account that has none', async () => {
  const light = createLightClient({ chain: devnet.chain, ...trust })
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
  expect(verifyProofView(view, 'head', trust).value).toBeDefined()
  expect(codeOf(() => verifyProofView({ ...view, value: null }, 'head', trust))).toBe('PROOF_INVALID')
  expect(codeOf(() => verifyProofView({ ...view, value: '0x80' }, 'head', trust))).toBe('PROOF_INVALID')
})

test('the states of the last blocks are proven, others refused by name', async () => {
  const { height } = await devnet.chain.status()
  const old = await devnet.chain.proof(keyOf(to), { height: 0 })
  expect(verifyProofView(old, keyOf(to), trust)).toMatchObject({ value: undefined, stateHeight: 0 })
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
    expect(verifyProofView(await devnet.chain.proof(key), key, trust).key).toBe(key)
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
  expect(verifyProofView(view, key, trust).value).toBeDefined()
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
  for (const [code, answer] of changed) expect(codeOf(() => verifyProofView(answer, key, trust))).toBe(code)
  for (const junk of [{}, { ...view, proof: null }, { ...view, proof: { type: 'tree' } }]) {
    expect(codeOf(() => verifyProofView(junk as ProofView, key, trust))).toMatch(/^(PROOF_INVALID|HEADER_NOT_SIGNED)$/)
  }
})

test('another chain, or another validator, is not believed', async () => {
  const view = await devnet.chain.proof(keyOf(to))
  const other = { ...trust, genesisHash: hashOf(new Uint8Array(32).fill(1)) }
  expect(codeOf(() => verifyProofView(view, keyOf(to), other))).toBe('HEADER_NOT_SIGNED')
  const stranger = { ...trust, validator: `0x${'d7'.repeat(32)}` } as const
  expect(codeOf(() => verifyProofView(view, keyOf(to), stranger))).toBe('HEADER_NOT_SIGNED')
})

test('an old state is not shown to who has seen a newer one', async () => {
  const old = await devnet.chain.proof(keyOf(to), { height: 1 })
  let answer = await devnet.chain.proof(keyOf(to))
  const light = createLightClient({ chain: { proof: async () => answer }, ...trust })
  await light.read(keyOf(to))
  answer = old
  await expect(light.read(keyOf(to))).rejects.toMatchObject({ code: 'PROOF_STALE' })
})
