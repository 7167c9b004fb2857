/** The commands about validators, over a devnet: what they send, and how a validator stands. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toHex } from '@granary/base'
import { sessionSigner } from '@granary/protocol/messages'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Devnet, startDevnet } from '../../../provider/test/start-devnet.ts'
import { granary } from '../../test/granary.ts'

const GRN = 10n ** 18n
const SEED = new Uint8Array(32).fill(5)
const KEY = toHex(sessionSigner(SEED, `0x${'00'.repeat(20)}`).publicKey)

let root: string
let devnet: Devnet
let home: string
let keyFile: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'granary-validator-'))
  devnet = await startDevnet(join(root, 'devnet'), {}, 50)
  home = join(root, 'wallet')
  keyFile = join(root, 'validator.key')
  await writeFile(keyFile, `${Buffer.from(SEED).toString('hex')}\n`, { mode: 0o600 })
  for (const args of [['new'], ['faucet']]) {
    const { code, stderr } = await granary(['wallet', ...args, '--home', home, '--chain', devnet.chain.url])
    if (code !== 0) throw new Error(stderr)
  }
}, 60_000)
afterAll(async () => {
  await devnet?.stop()
  await rm(root, { recursive: true })
})

const run = (...args: readonly string[]) =>
  granary(['chain', 'validator', ...args, '--home', home, '--chain', devnet.chain.url])

async function dataOf(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await run(...args, '--json')
  if (code !== 0) throw new Error(`exit ${code}: ${stdout}${stderr}`)
  return JSON.parse(stdout).data
}

test('a validator is bonded, once its price is agreed to, and a part of the bond taken back', async () => {
  const planned = await dataOf('bond', '20', '--validator-key', keyFile, '--dry-run')
  expect(planned).toMatchObject({ validator: KEY, sent: null })
  const unasked = await run('bond', '20', '--validator-key', keyFile, '--max-price', '19')
  expect(unasked.stderr).toContain('[PRICE_ABOVE_MAX]')
  const bonded = await dataOf('bond', '20 GRN', '--validator-key', keyFile, '--yes')
  expect(bonded).toMatchObject({ validator: KEY, amount: String(20n * GRN), sent: { height: expect.any(Number) } })

  const taken = await run('unbond', '4', '--validator', KEY, '--yes')
  expect([taken.code, taken.stdout]).toEqual([0, expect.stringContaining('is on its way back since block')])
  const status = await dataOf('status', '--validator', KEY)
  const unbonding = [{ amount: String(4n * GRN), since: expect.any(Number), releases: expect.any(Number) }]
  // One validator makes the blocks of this chain: who is bonded beside it waits until there are several.
  expect(status).toMatchObject({ publicKey: KEY, bond: String(16n * GRN), power: 0, jailed: 'no', unbonding })
  const { stdout } = await run('status', '--validator', KEY)
  expect(stdout).toContain('4 GRN, not before')
})

test('the validator of the genesis is listed with its bond; another cannot take it, and nobody can bring back who was there', async () => {
  const { stdout } = await granary(['chain', 'validator', 'list', '--chain', devnet.chain.url])
  expect(stdout).toMatch(/^0x[0-9a-f]{64} +10 GRN +power 10$/m)
  const [first] = (await devnet.chain.genesis()).validators
  const codes = [
    await run('unbond', '10', '--validator', first!, '--yes'),
    await run('unjail', '--validator', first!),
    await run('status', '--validator', `0x${'ab'.repeat(32)}`),
    await run('status'),
  ].map(({ code, stderr }) => [code, /\[([A-Z_]+)\]/.exec(stderr)?.[1]])
  expect(codes).toEqual([
    [1, 'VALIDATOR_NOT_OWNED'],
    [1, 'VALIDATOR_NOT_OWNED'],
    [1, 'VALIDATOR_NOT_FOUND'],
    [1, 'KEY_INVALID'],
  ])
})
