import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SectorPreCommit } from '@granary/protocol/messages'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createMarket, type Market } from '../../../test/market.ts'
import { fund, GRN, registeredIn, registerProvider } from '../../../test/test-chain.ts'
import { PROFILE, type TestPiece } from '../../../test/test-sealer.ts'
import { wholePartitions } from '../../../test/whole-partitions.ts'
import { dealView, devnetParams, providerView, sectorView } from '../index.ts'

let folder: string
let market: Market
let pieces: [TestPiece, TestPiece, TestPiece]
let deals: number[]
let sound: SectorPreCommit

// Refusals change nothing, so all of them are tried on one chain.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-sectors-'))
  market = createMarket(folder, { dealDurationMax: 100_000, ticketMaxAge: 100_000, activateWithinMin: 3 })
  const { chain, sealer, publish } = market
  pieces = [await sealer.piece(1, 1_000), await sealer.piece(2, 500), await sealer.piece(3, 500)]
  deals = pieces.map((piece) => publish(piece, { activateWithin: 10_000 }))
  const ticketEpoch = chain.height
  const { commD, commR } = await sealer.seal(0, ticketEpoch, pieces)
  sound = { number: 0, profile: PROFILE, commD, commR, ticketEpoch, deals, expiry: ticketEpoch + 1_000 }
})
afterAll(() => rm(folder, { recursive: true }))

function preCommit(given: Partial<SectorPreCommit>, provider = market.provider, signer = market.owner): string {
  const sectors = [{ ...sound, ...given }]
  return market.chain.send(signer, 'PreCommitSectors', { provider, sectors }).code
}

describe('a pre-commit is refused', () => {
  test.each<[string, Partial<SectorPreCommit>]>([
    ['PROFILE_REFUSED', { profile: '1EiB' }],
    ['TICKET_INVALID', { ticketEpoch: 1_000_000 }],
    ['TICKET_INVALID', { ticketEpoch: 0 }],
    ['COMM_D_MISMATCH', { commD: new Uint8Array(32) }],
    ['COMM_D_MISMATCH', { deals: [] }],
    ['DEAL_NOT_FOUND', { deals: [99] }],
    ['SECTOR_EXPIRY_INVALID', { expiry: 20 }],
    ['SECTOR_EXPIRY_INVALID', { expiry: 1_000_000 }],
  ])('with %s for %j', (code, given) => {
    expect(preCommit(given)).toBe(code)
  })

  test('when CommD is that of other pieces or of another order', () => {
    expect(preCommit({ deals: [deals[0]!, deals[2]!, deals[1]!] })).toBe('COMM_D_MISMATCH')
    expect(preCommit({ deals: [deals[0]!, deals[1]!] })).toBe('COMM_D_MISMATCH')
  })

  test('piece sizes [S/4, S/2, S/4]: pieces that do not fit at their own alignment', () => {
    expect(preCommit({ deals: [deals[1]!, deals[0]!, deals[2]!] })).toBe('PIECES_DO_NOT_FIT')
  })

  test('when a deal stands there twice', () => {
    expect(preCommit({ deals: [deals[0]!, deals[0]!] })).toBe('DEAL_NOT_FREE')
    const sectors = [sound, { ...sound, number: 1 }]
    const { chain, owner, provider } = market
    expect(chain.send(owner, 'PreCommitSectors', { provider, sectors }).code).toBe('DEAL_NOT_FREE')
    expect(chain.send(owner, 'PreCommitSectors', { provider, sectors: [sound, sound] }).code).toBe('SECTOR_NUMBER_USED')
  })

  test("from another than the owner, and for another's deals", () => {
    const stranger = fund(market.chain, 9)
    expect(preCommit({}, market.provider, stranger)).toBe('PROVIDER_NOT_OWNED')
    expect(preCommit({}, 5)).toBe('PROVIDER_NOT_FOUND')
    const other = registerProvider(market.chain, stranger)
    expect(preCommit({}, other, stranger)).toBe('DEAL_PROVIDER_WRONG')
  })

  test('without the collateral for deposit and pledge', () => {
    const { chain } = market
    const poor = fund(chain, 10)
    const { events } = chain.does(poor, 'RegisterProvider', {
      payout: poor.address,
      sessionKey: new Uint8Array(0),
      endpoints: [],
      peerId: '',
      region: '',
      name: '',
    })
    expect(preCommit({ deals: [], commD: zeroCommD() }, registeredIn(events), poor)).toBe('INSUFFICIENT_COLLATERAL')
  })

  test('for an insecure profile where the genesis does not allow it', () => {
    const strict = createMarket(join(folder, 'strict'), { allowInsecure: false })
    const { chain, owner, provider } = strict
    const sector = { ...sound, deals: [], ticketEpoch: chain.height }
    expect(chain.send(owner, 'PreCommitSectors', { provider, sectors: [sector] }).code).toBe('PROFILE_REFUSED')
  })

  test('for a profile that the program knows and the genesis does not list', () => {
    const { profiles } = devnetParams()
    const narrow = createMarket(join(folder, 'narrow'), { profiles: profiles.filter(({ name }) => name !== PROFILE) })
    const { chain, owner, provider } = narrow
    const sector = { ...sound, deals: [], ticketEpoch: chain.height }
    expect(chain.send(owner, 'PreCommitSectors', { provider, sectors: [sector] })).toMatchObject({
      code: 'PROFILE_REFUSED',
      message: expect.stringContaining(PROFILE),
    })
  })

  test('with a ticket that is too old', async () => {
    const fresh = createMarket(join(folder, 'old'), { ticketMaxAge: 3 })
    const { chain, owner, provider } = fresh
    const sector = { ...sound, deals: [], commD: zeroCommD(), ticketEpoch: chain.height, expiry: chain.height + 500 }
    chain.advance(2)
    expect(chain.send(owner, 'PreCommitSectors', { provider, sectors: [sector] }).code).toBe('OK')
    expect(chain.send(owner, 'PreCommitSectors', { provider, sectors: [{ ...sector, number: 1 }] }).code).toBe(
      'TICKET_INVALID',
    )
  })
})

test('the longest deal that the chain takes can be pre-committed, whichever block takes the message', async () => {
  const longest = createMarket(join(folder, 'longest'), { dealDurationMax: 80 })
  const { chain, owner, provider, sealer } = longest
  const piece = await sealer.piece(1, 1_000)
  const deals = [longest.publish(piece, { duration: 80 })]
  const ticketEpoch = chain.height
  const { commD, commR } = await sealer.seal(0, ticketEpoch, [piece])
  const { commitExpiry, provingPeriod } = chain.genesis.params
  const send = (expiry: number): string => {
    const sector = { number: 0, profile: PROFILE, commD, commR, ticketEpoch, deals, expiry }
    return chain.send(owner, 'PreCommitSectors', { provider, sectors: [sector] }).code
  }
  const expiry = chain.height + commitExpiry + 80 + provingPeriod
  expect(send(chain.height + commitExpiry + 80)).toBe('SECTOR_EXPIRY_INVALID')
  expect(send(expiry + 2 * provingPeriod)).toBe('SECTOR_EXPIRY_INVALID')
  chain.advance(4)
  expect(send(expiry)).toBe('OK')
})

test('a proof is taken once, over the seed that was drawn after the commitment, and no other', async () => {
  const { chain, owner, provider, sealer } = market
  const prove = (bundle: Uint8Array, number = 0, signer = owner): string =>
    chain.send(signer, 'ProveCommitSector', { provider, number, bundle }).code
  expect(prove(new Uint8Array(5))).toBe('SECTOR_NOT_FOUND')

  const free = BigInt(providerView(chain.state, provider)!.collateral.free)
  expect(preCommit({})).toBe('OK')
  const deposits = (2n * ((GRN / 100n) * 2_048n)) / 2n ** 30n + 2n + chain.genesis.params.partitionDeposit
  expect(free - BigInt(providerView(chain.state, provider)!.collateral.free)).toBeLessThanOrEqual(deposits)
  expect(sectorView(chain.state, provider, 0)).toMatchObject({ state: 'precommitted', deals, number: 0 })
  expect(deals.map((deal) => dealView(chain.state, deal)!.state)).toEqual(['committed', 'committed', 'committed'])
  expect(preCommit({})).toBe('SECTOR_NUMBER_USED')
  expect(preCommit({ number: 1 })).toBe('DEAL_NOT_FREE')

  const { seedEpoch } = sectorView(chain.state, provider, 0)!
  chain.advanceTo(seedEpoch!)
  const bundle = await sealer.proveSector(0)
  const broken = bundle.slice()
  broken[500]! ^= 1
  expect(prove(broken)).toBe('POREP_INVALID')
  expect(prove(bundle.slice(1))).toBe('BUNDLE_LENGTH_WRONG')
  expect(prove(bundle, 0, market.client)).toBe('PROVIDER_NOT_OWNED')
  expect(dealView(chain.state, deals[0]!)!.state).toBe('committed')
  expect(prove(bundle)).toBe('OK')
  expect(prove(bundle)).toBe('SECTOR_STATE_WRONG')
  expect(deals.map((deal) => dealView(chain.state, deal)!.state)).toEqual(['active', 'active', 'active'])
  expect(wholePartitions(chain.state, provider, undefined, 10)).toMatchObject([
    { number: 0, slot: 0, sectors: [{ number: 0 }] },
  ])
})

test('a proof before the seed is refused, whatever it proves', async () => {
  const early = createMarket(join(folder, 'early'))
  const { chain, owner, provider } = early
  await early.preCommit(0, [], [])
  const result = chain.send(owner, 'ProveCommitSector', { provider, number: 0, bundle: new Uint8Array(9) })
  expect(result).toMatchObject({ code: 'SEED_NOT_READY', retryable: true })
})

test('sectors without deals hold zeros; a full partition is followed by another in the next slot', async () => {
  const many = createMarket(join(folder, 'many'), { partitionSectorsMax: 2, cutoff: 1_000 })
  for (const number of [0, 1, 2]) await many.activate(number, [], [])
  expect(wholePartitions(many.chain.state, many.provider, undefined, 10)).toMatchObject([
    { number: 0, slot: 0, sectors: [{ number: 0 }, { number: 1 }] },
    { number: 1, slot: 1, sectors: [{ number: 2 }] },
  ])
})

/** CommD of a 2 KiB sector of zeros: docs/spec/proofs.md section 2. */
function zeroCommD(): Uint8Array {
  return Buffer.from('fc7e928296e516faade986b28f92d44a4f24b935485223376a799027bc18f833', 'hex')
}
