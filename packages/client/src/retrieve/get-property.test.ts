/** Whatever a DAG is, however it is cut, whoever fails and how: the bytes are right, or there is an error with a code. */
import { GranaryError } from '@granary/base'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { fileOf, folderOf, type Made, type Shape } from '../../test/a-dag.ts'
import { type Answer, type Block, Blocks, holderOf, reachInMemory, type Trouble } from '../../test/holders.ts'
import { hastened, openMarket } from '../../test/retrieval-market.ts'

const RUNS = 60
/** Otherwise the honest are too few for anything to be said. */
const COVERED_MIN = 5
const byte = fc.integer({ min: 0, max: 255 })
const { shape } = fc.letrec<{ shape: Shape; leaf: Shape; node: Shape }>((tie) => ({
  shape: fc.oneof({ depthSize: 'small', withCrossShrink: true }, tie('leaf'), tie('node')),
  leaf: fc.record({ bytes: fc.array(byte, { maxLength: 6 }) }),
  node: fc.record({ own: fc.array(byte, { maxLength: 2 }), below: fc.array(tie('shape'), { maxLength: 5 }) }),
}))

type Fault = { readonly kind: 'none' | 'breaks' | 'lies' | 'omits' | 'repeats' | 'away'; readonly at: number }
const fault: fc.Arbitrary<Fault> = fc.record({
  kind: fc.constantFrom('none', 'none', 'none', 'none', 'breaks', 'lies', 'omits', 'repeats', 'away'),
  at: fc.nat({ max: 8 }),
})
/** Of each block, by its place in the DAG, a bit for each of the holders that have it. */
const places = fc.array(fc.oneof(fc.constant(15), fc.integer({ min: 0, max: 15 })), { minLength: 1, maxLength: 40 })
const holders = fc.array(fault, { minLength: 1, maxLength: 4 })

function troubleOf({ kind, at }: Fault): Trouble {
  return async function* (blocks) {
    let index = 0
    for await (const block of blocks) {
      const isHere = index++ === at
      if (isHere && kind === 'breaks') throw new Error('the connection is gone')
      if (isHere && kind === 'omits') continue
      if (isHere && kind === 'repeats') yield block
      yield isHere && kind === 'lies' ? { cid: block.cid, bytes: Uint8Array.from([...block.bytes, 1]) } : block
    }
  }
}

const away: Answer = () => {
  throw new TypeError('nobody is there')
}

interface Cast {
  readonly answers: readonly Answer[]
  /** Whether those without a fault have all of it between them. */
  readonly isCovered: boolean
}

function castOf({ blocks }: Made, faults: readonly Fault[], masks: readonly number[]): Cast {
  const distinct = [...new Map(blocks.map((block) => [block.cid.toString(), block])).values()]
  const isWith = (index: number, holder: number): boolean => ((masks[index % masks.length]! >> holder) & 1) === 1
  const held = faults.map((_, holder): Block[] => distinct.filter((_block, index) => isWith(index, holder)))
  const answers = faults.map((each, holder) =>
    each.kind === 'away' ? away : holderOf(new Blocks(held[holder]), troubleOf(each)),
  )
  const honest = new Set(held.filter((_, holder) => faults[holder]!.kind === 'none').flat())
  return { answers, isCovered: distinct.every((block) => honest.has(block)) }
}

/** Reads it; what came is a beginning of what is right, and all of it unless there is an error. */
async function check(cast: Cast, read: (given: Uint8Array[]) => Promise<void>, expected: Uint8Array): Promise<void> {
  const given: Uint8Array[] = []
  const failure: unknown = await read(given).then(
    () => undefined,
    (error) => error,
  )
  const all = Buffer.concat(given)
  if (failure === undefined) expect(all.equals(expected)).toBe(true)
  else {
    expect(all.equals(expected.subarray(0, all.length))).toBe(true)
    expect([GranaryError.is(failure) && failure.code, cast.isCovered]).toEqual(['RETRIEVAL_FAILED', false])
  }
}

test('a file of any shape, or a range of it', async () => {
  let covered = 0
  await fc.assert(
    fc.asyncProperty(shape, holders, places, fc.nat(40), fc.nat(40), async (tree, faults, masks, from, length) => {
      const made = fileOf(tree)
      const cast = castOf(made, faults, masks)
      covered += Number(cast.isCovered)
      await using market = await openMarket(reachInMemory, made.block.cid.toString(), cast.answers, {
        clock: hastened(50),
      })
      const isPart = from < made.bytes.length && length > 0
      const range = isPart ? { start: from, end: from + length } : undefined
      await check(
        cast,
        async (given) => {
          const got = await market.get(made.block.cid.toString(), { range })
          if (got.type !== 'file') throw new Error(got.type)
          for await (const part of got.stream()) given.push(part)
        },
        isPart ? made.bytes.subarray(from, from + length) : made.bytes,
      )
    }),
    { numRuns: RUNS },
  )
  expect(covered).toBeGreaterThan(COVERED_MIN)
})

test('a folder of files of any shape', async () => {
  let covered = 0
  await fc.assert(
    fc.asyncProperty(fc.array(shape, { maxLength: 5 }), holders, places, async (trees, faults, masks) => {
      const files = trees.map(fileOf)
      const made = folderOf(Object.fromEntries(files.map((file, at) => [`f${at}`, file])))
      const cast = castOf(made, faults, masks)
      covered += Number(cast.isCovered)
      await using market = await openMarket(reachInMemory, made.block.cid.toString(), cast.answers, {
        clock: hastened(50),
      })
      await check(
        cast,
        async (given) => {
          const got = await market.get(made.block.cid.toString())
          if (got.type !== 'directory') throw new Error(got.type)
          for await (const entry of got.entries())
            if (entry.type === 'file') for await (const part of entry.stream()) given.push(part)
        },
        Buffer.concat(files.map(({ bytes }) => bytes)),
      )
    }),
    { numRuns: RUNS },
  )
  expect(covered).toBeGreaterThan(COVERED_MIN)
})
