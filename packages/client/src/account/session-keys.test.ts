import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toHex } from '@granary/base'
import { accountSigner, addressOf, type Hash, type Signer, sessionSigner } from '@granary/protocol/messages'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Devnet, startDevnet } from '../../../provider/test/start-devnet.ts'
import { createGranary, type Granary } from '../create-granary.ts'
import { hours } from '../duration.ts'
import { memoryPorts } from '../memory/memory-ports.ts'
import { checkScopes, clientScopes } from './authorize-key.ts'

const GRN = 10n ** 18n

let home: string
let devnet: Devnet
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'granary-keys-'))
  devnet = await startDevnet(join(home, 'devnet'))
}, 60_000)
afterAll(async () => {
  await devnet?.stop()
  await rm(home, { recursive: true })
})

interface Owner {
  readonly signer: Signer
  readonly granary: Granary<never>
  /** A client whose account is signed for by a new session key. */
  session(): { readonly publicKey: Hash; readonly granary: Granary<never> }
}

const granaryOf = (account: Signer) => createGranary(memoryPorts({ chain: devnet.chain, account })) as Granary<never>

async function owner(): Promise<Owner> {
  const signer = accountSigner(new Uint8Array(randomBytes(32)))
  await devnet.chain.faucet(signer.address)
  return {
    signer,
    granary: granaryOf(signer),
    session() {
      const key = sessionSigner(new Uint8Array(randomBytes(32)), signer.address)
      return { publicKey: toHex(key.publicKey), granary: granaryOf(key) }
    },
  }
}

const somebody = () => addressOf(new Uint8Array(randomBytes(32)))

test('a session key signs what it may, up to its limit, until it is revoked', async () => {
  const { signer, granary, session } = await owner()
  const key = session()
  await expect(key.granary.transfer({ to: somebody(), amount: 1n })).rejects.toMatchObject({
    code: 'KEY_NOT_AUTHORIZED',
  })
  const { expires } = await granary.authorizeKey({
    publicKey: key.publicKey,
    scopes: ['Transfer'],
    validFor: hours(1),
    spendingLimit: 2n * GRN,
  })
  const { height } = await devnet.chain.status()
  // A block is a tenth of a second.
  expect(expires - height).toBeGreaterThan(35_900)
  expect(expires - height).toBeLessThanOrEqual(36_000)
  await key.granary.transfer({ to: somebody(), amount: GRN })
  const [listed] = await Array.fromAsync(devnet.chain.sessionKeys(signer.address))
  expect(listed).toMatchObject({
    publicKey: key.publicKey,
    scopes: ['Transfer'],
    expires,
    spendingLimit: `${2n * GRN}`,
  })
  expect(BigInt(listed!.spent)).toBeGreaterThan(GRN)
  await expect(key.granary.transfer({ to: somebody(), amount: GRN })).rejects.toMatchObject({
    code: 'SPENDING_LIMIT_REACHED',
  })
  const stronger = { publicKey: key.publicKey, scopes: ['Transfer'], validFor: hours(1), spendingLimit: 900n * GRN }
  await expect(key.granary.authorizeKey(stronger)).rejects.toMatchObject({ code: 'KEY_SCOPE_MISSING' })

  await granary.revokeKey(key.publicKey)
  expect(await Array.fromAsync(devnet.chain.sessionKeys(signer.address))).toEqual([])
  await expect(key.granary.transfer({ to: somebody(), amount: 1n })).rejects.toMatchObject({
    code: 'KEY_NOT_AUTHORIZED',
  })
  await expect(granary.revokeKey(key.publicKey)).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' })
})

test('the keys of an account come in pages, each once', async () => {
  const { signer, granary, session } = await owner()
  const keys: Hash[] = []
  for (let i = 0; i < 3; i += 1) {
    const { publicKey } = session()
    keys.push(publicKey)
    await granary.authorizeKey({ publicKey, scopes: clientScopes, validFor: hours(1), spendingLimit: GRN })
  }
  const found: Hash[] = []
  for (let after = ''; ; ) {
    const page = await fetch(`${devnet.chain.url}/v1/accounts/${signer.address}/keys?limit=2${after}`)
    const { items, next } = (await page.json()) as { items: { publicKey: Hash }[]; next: Hash | null }
    found.push(...items.map(({ publicKey }) => publicKey))
    if (next === null) break
    after = `&after=${next}`
  }
  expect(found).toEqual(keys.toSorted())
  expect((await fetch(`${devnet.chain.url}/v1/accounts/${signer.address}/keys?after=7`)).status).toBe(400)
})

test.each([[[]], [['AuthorizeKey']], [['transfer']], [['Transfer', 'Everything']]])(
  'scopes %j are refused before anything is signed',
  async (scopes) => {
    expect(() => checkScopes(scopes)).toThrow('scope')
    const { granary, session, signer } = await owner()
    const { publicKey } = session()
    await expect(
      granary.authorizeKey({ publicKey, scopes, validFor: hours(1), spendingLimit: 0n }),
    ).rejects.toMatchObject({ code: 'SCOPE_UNKNOWN' })
    expect((await devnet.chain.account(signer.address)).sequences).toEqual({})
  },
)
