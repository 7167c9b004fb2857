import { expect, test } from '@jest/globals'
import { type PromisedDeals, type ProviderMeans, requireMeans } from './provider-means.ts'

const SECTOR_BYTES = 1024
const means: ProviderMeans = {
  freeCollateral: 1_000n,
  balance: 100n,
  lockedPerSector: 200n,
  partitionDeposit: 50n,
  feesPerSector: 30n,
  feesOfProofs: 0n,
}
const nothing: PromisedDeals = { collateral: 0n, pieceBytes: 0 }

function refusal(change: Partial<ProviderMeans>, promised: Partial<PromisedDeals>, collateral: bigint): unknown {
  try {
    requireMeans(
      { ...means, ...change },
      { ...nothing, ...promised },
      { providerCollateral: collateral, pieceSize: 512 },
      SECTOR_BYTES,
    )
    return undefined
  } catch (error) {
    return error
  }
}

test('a deal takes its collateral, and the deposit and pledge of a sector, and the deposit of a partition', () => {
  expect(refusal({}, {}, 750n)).toBeUndefined()
  expect(refusal({}, {}, 751n)).toMatchObject({ code: 'COLLATERAL_SHORT', details: { free: '1000', needed: '1001' } })
})

test('what is promised already takes its sectors and its collateral too', () => {
  expect(refusal({}, { collateral: 100n, pieceBytes: 512 }, 650n)).toBeUndefined()
  expect(refusal({}, { collateral: 100n, pieceBytes: 513 }, 650n)).toMatchObject({ code: 'COLLATERAL_SHORT' })
  expect(refusal({}, { collateral: 101n, pieceBytes: 512 }, 650n)).toMatchObject({ code: 'COLLATERAL_SHORT' })
})

test('the fees of each sector have to be there', () => {
  expect(refusal({ balance: 30n }, {}, 0n)).toBeUndefined()
  expect(refusal({ balance: 29n }, {}, 0n)).toMatchObject({ code: 'FEES_SHORT', details: { needed: '30' } })
})

test('the proofs of a period are paid before anything new is sealed', () => {
  expect(refusal({ feesOfProofs: 70n }, {}, 0n)).toBeUndefined()
  expect(refusal({ feesOfProofs: 71n }, {}, 0n)).toMatchObject({ code: 'FEES_SHORT', details: { needed: '101' } })
})
