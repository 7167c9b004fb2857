import { expect, test } from '@jest/globals'
import { type PromisedDeals, type ProviderMeans, requireMeans } from './provider-means.ts'

const sector = { sectorBytes: 1024, locked: 200n, fees: 30n }
const means: ProviderMeans = {
  freeCollateral: 1_000n,
  balance: 100n,
  sectors: [sector],
  partitionDeposit: 50n,
  feesOfProofs: 0n,
}
const nothing: PromisedDeals = { collateral: 0n, pieces: [] }

function refusal(change: Partial<ProviderMeans>, promised: Partial<PromisedDeals>, collateral: bigint): unknown {
  try {
    requireMeans(
      { ...means, ...change },
      { ...nothing, ...promised },
      { providerCollateral: collateral, pieceSize: 512 },
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
  expect(refusal({}, { collateral: 100n, pieces: [{ pieceSize: 512, bytes: 512 }] }, 650n)).toBeUndefined()
  expect(refusal({}, { collateral: 100n, pieces: [{ pieceSize: 512, bytes: 513 }] }, 650n)).toMatchObject({
    code: 'COLLATERAL_SHORT',
  })
  expect(refusal({}, { collateral: 101n, pieces: [{ pieceSize: 512, bytes: 512 }] }, 650n)).toMatchObject({
    code: 'COLLATERAL_SHORT',
  })
})

test('the fees of each sector have to be there', () => {
  expect(refusal({ balance: 30n }, {}, 0n)).toBeUndefined()
  expect(refusal({ balance: 29n }, {}, 0n)).toMatchObject({ code: 'FEES_SHORT', details: { needed: '30' } })
})

test('the proofs of a period are paid before anything new is sealed', () => {
  expect(refusal({ feesOfProofs: 70n }, {}, 0n)).toBeUndefined()
  expect(refusal({ feesOfProofs: 71n }, {}, 0n)).toMatchObject({ code: 'FEES_SHORT', details: { needed: '101' } })
})

test('of several sizes each piece takes the smallest sector that holds it, and each size a partition', () => {
  const sectors = [sector, { sectorBytes: 8192, locked: 1_600n, fees: 40n }]
  const large = { freeCollateral: 2_000n, sectors }
  expect(refusal(large, {}, 1_750n)).toBeUndefined()
  const promised = { pieces: [{ pieceSize: 2048, bytes: 4096 }] }
  expect(refusal(large, promised, 100n)).toBeUndefined()
  expect(refusal(large, promised, 101n)).toMatchObject({ code: 'COLLATERAL_SHORT', details: { needed: '2001' } })
  expect(refusal({ ...large, balance: 69n }, promised, 0n)).toMatchObject({
    code: 'FEES_SHORT',
    details: { needed: '70' },
  })
})
