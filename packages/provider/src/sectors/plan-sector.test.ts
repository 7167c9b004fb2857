import { computeCommD } from '@granary/proofs/verify'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  dealsPerSectorMax,
  type FillingSector,
  type PlanAction,
  type PlanInput,
  planSector,
  type SectorSize,
} from './plan-sector.ts'
import type { PlaceableDeal } from './port.ts'

const deal = (dealId: number, paddedSize: number): PlaceableDeal => ({
  dealId,
  agreementId: `0x${dealId}`,
  pieceCid: `piece-${dealId}`,
  payloadSize: 1,
  paddedSize,
  publishedAt: 1,
  endsBy: 100,
})

const size: SectorSize = { profile: '2KiB-test', sectorBytes: 2048 }

const input = (changes: Partial<PlanInput>): PlanInput => ({
  sizes: [size],
  sealAfterMs: 1_000,
  nowMs: 10_000,
  closeByMs: () => undefined,
  filling: [],
  waiting: [],
  ...changes,
})

const filling = (number: number, openedAtMs: number, ...pieces: PlaceableDeal[]): FillingSector => ({
  number,
  size,
  openedAtMs,
  pieces,
})

const half = deal(1, 1024)
const quarter = deal(2, 512)
const full = deal(3, 2048)
const many = Array.from({ length: 257 }, (_, index) => deal(index + 1, 128))

const cases: [string, PlanInput, PlanAction[]][] = [
  ['nothing to do', input({}), []],
  ['a first deal opens a sector', input({ waiting: [half] }), [{ type: 'open', profile: size.profile, deals: [half] }]],
  [
    'deals that fit together share a sector, the larger first',
    input({ waiting: [quarter, half] }),
    [{ type: 'open', profile: size.profile, deals: [half, quarter] }],
  ],
  [
    'a deal that does not fit any more opens the next one',
    input({ waiting: [half, full] }),
    [
      { type: 'open', profile: size.profile, deals: [full] },
      { type: 'open', profile: size.profile, deals: [half] },
    ],
  ],
  [
    'a deal goes to the first open sector with room',
    input({
      waiting: [half],
      filling: [
        filling(4, 0, deal(9, 1024), deal(10, 512)),
        filling(5, 0, deal(11, 1024)),
        filling(6, 0, deal(12, 128)),
      ],
    }),
    [{ type: 'add', sector: 5, deals: [half] }],
  ],
  [
    'a piece as large as the sector fits',
    input({ waiting: [full] }),
    [{ type: 'open', profile: size.profile, deals: [full] }],
  ],
  [
    'a piece larger than the sector is refused, the others go on',
    input({ waiting: [deal(7, 4096), half] }),
    [
      { type: 'refuse', deal: deal(7, 4096), code: 'PIECE_LARGER_THAN_SECTOR' },
      { type: 'open', profile: size.profile, deals: [half] },
    ],
  ],
  [
    'a young sector waits for its oldest piece',
    input({ filling: [filling(4, 9_500, half)] }),
    [{ type: 'wait', untilMs: 10_500 }],
  ],
  [
    'an old one is sealed, pieces in order with their offsets',
    input({ filling: [filling(4, 9_000, quarter, half)] }),
    [
      {
        type: 'seal',
        sector: 4,
        layout: [
          { dealId: 1, offset: 0 },
          { dealId: 2, offset: 1024 },
        ],
      },
    ],
  ],
  [
    'a full one is sealed at once',
    input({ filling: [filling(4, 10_000, deal(8, 1024), half)] }),
    [
      {
        type: 'seal',
        sector: 4,
        layout: [
          { dealId: 1, offset: 0 },
          { dealId: 8, offset: 1024 },
        ],
      },
    ],
  ],
  [
    'a young one with a piece that would be late otherwise is sealed now',
    input({
      filling: [filling(4, 9_500, { ...half, activateBy: 7 })],
      closeByMs: ({ activateBy }) => activateBy! * 1_000,
    }),
    [{ type: 'seal', sector: 4, layout: [{ dealId: 1, offset: 0 }] }],
  ],
  [
    'one whose piece would be late before the others have come waits no longer than for that',
    input({
      filling: [filling(4, 9_500, quarter, { ...half, activateBy: 10.2 })],
      closeByMs: ({ activateBy }) => (activateBy === undefined ? undefined : activateBy * 1_000),
    }),
    [{ type: 'wait', untilMs: 10_200 }],
  ],
  [
    'the clock that went back does not seal early',
    input({ filling: [filling(4, 20_000, half)] }),
    [{ type: 'wait', untilMs: 21_000 }],
  ],
  [
    'sealing and waiting sectors side by side',
    input({ filling: [filling(4, 1, half), filling(5, 9_999, quarter)] }),
    [
      { type: 'seal', sector: 4, layout: [{ dealId: 1, offset: 0 }] },
      { type: 'wait', untilMs: 10_999 },
    ],
  ],
]

describe('planSector', () => {
  test.each(cases)('%s', (_, given, expected) => {
    expect(planSector(given)).toEqual(expected)
  })

  test('of two sizes: small pieces that fill a large sector go there, a few go into a small one, a large one takes others along', () => {
    const sizes: SectorSize[] = [size, { profile: '8MiB-dev', sectorBytes: 8192 }]
    const opened = (waiting: readonly PlaceableDeal[]) =>
      planSector(input({ sizes, waiting })).map((action) =>
        action.type === 'open'
          ? [action.profile, action.deals.reduce((sum, { paddedSize }) => sum + paddedSize, 0)]
          : action,
      )
    const pieces = (count: number, paddedSize: number) =>
      Array.from({ length: count }, (_, i) => deal(i + 1, paddedSize))
    expect(opened(pieces(3, 512))).toEqual([['2KiB-test', 1536]])
    expect(opened(pieces(5, 2048))).toEqual([
      ['8MiB-dev', 8192],
      ['2KiB-test', 2048],
    ])
    expect(opened([deal(1, 4096), deal(2, 1024)])).toEqual([['8MiB-dev', 5120]])
    expect(opened([deal(1, 16_384)])).toMatchObject([{ type: 'refuse' }])
  })

  test('at most 256 deals go into a sector, which is then sealed at once', () => {
    const sizes = [{ ...size, sectorBytes: 2 ** 20 }]
    const [first, second] = planSector(input({ sizes, waiting: many }))
    expect(first).toMatchObject({ type: 'open', profile: size.profile, deals: { length: dealsPerSectorMax } })
    expect(second).toMatchObject({ type: 'open', profile: size.profile, deals: { length: 1 } })
    const closed = planSector(
      input({ sizes, filling: [{ ...filling(1, 10_000, ...many.slice(0, 256)), size: sizes[0]! }] }),
    )
    expect(closed).toMatchObject([{ type: 'seal', sector: 1 }])
  })

  test('whatever comes, each deal is placed once, no sector overflows, and the chain can compute CommD of the order', () => {
    const sizes = fc.array(fc.integer({ min: 7, max: 11 }), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(sizes, (exponents) => {
        const waiting = exponents.map((exponent, index) => deal(index + 1, 2 ** exponent))
        const opened = planSector(input({ waiting })).filter((action) => action.type === 'open')
        expect(opened.flatMap(({ deals }) => deals.map(({ dealId }) => dealId)).toSorted((a, b) => a - b)).toEqual(
          waiting.map(({ dealId }) => dealId),
        )
        const sectors = opened.map(({ deals }, index) => filling(index, 0, ...deals))
        for (const action of planSector(input({ filling: sectors }))) {
          if (action.type !== 'seal') throw new Error(`unexpected ${action.type}`)
          const pieces = action.layout.map(({ dealId }) => ({
            root: new Uint8Array(32).fill(1),
            paddedSize: waiting[dealId - 1]!.paddedSize,
          }))
          expect(computeCommD(pieces, 2048)).toHaveLength(32)
          for (const { dealId, offset } of action.layout) expect(offset % waiting[dealId - 1]!.paddedSize).toBe(0)
        }
      }),
    )
  })
})
