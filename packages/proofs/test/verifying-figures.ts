/**
 * How long verifying takes at the shape of each production profile, and CommP over streams by each hasher of pairs. Run
 * by hand, no sector needed: node --conditions=@granary/source packages/proofs/test/verifying-figures.ts
 */
import { elapsedMs, measure } from '../../bench/src/proofs/measure.ts'
import { openKernel } from '../src/kernel/open-kernel.ts'
import { createPieceHasher, loadPairHasher } from '../src/piece/index.ts'
import { hashPairs254 } from '../src/spec/hash-pairs.ts'
import { profiles } from '../src/spec/profile.ts'
import { verifyPoRep, verifyPost } from '../src/verify/index.ts'
import { forgedPoRep } from './porep-parts.ts'
import { forgedPost } from './post-parts.ts'
import { noise } from './support.ts'

const SAMPLES = 80
const MIB = 2 ** 20
const PAYLOAD_MIB = 64
const production = [profiles['512MiB'], profiles['4GiB'], profiles['32GiB'], profiles['64GiB']]
const wasm = await loadPairHasher()

for (const profile of production) {
  const about = { profile, provider: 1000, sectorNumber: 7, ticket: noise('ticket', 32), seed: noise('seed', 32) }
  const input = forgedPoRep(about)
  await print(`PoRep verify, ${profile.name}, ${profile.challenges} challenges`, 'ms', () => timed(verifyPoRep, input))
}
for (const profile of production)
  for (const sectors of [1, 2048]) {
    const randomness = noise('randomness', 32)
    const input = forgedPost({ profile, provider: 1000, partition: 3, randomness, count: SAMPLES }, sectors)
    const name = `PoSt verify, ${profile.name}, ${SAMPLES} samples in ${sectors} sectors`
    await print(name, 'ms', () => timed(verifyPost, input))
  }
for (const [name, hash] of [
  ['TypeScript', hashPairs254],
  ['WebAssembly', wasm],
  ['pairs by the kernel', openKernel().kernel.hashPairs254],
] as const)
  await print(`CommP of a stream, ${name}`, 'MiB/s', async () => {
    const hasher = createPieceHasher(hash)
    const part = noise('part', MIB)
    const { ms } = await elapsedMs(() => {
      for (let i = 0; i < PAYLOAD_MIB; i += 1) hasher.write(part)
      hasher.digest()
    })
    return (PAYLOAD_MIB * 1000) / ms
  })

async function timed<T>(verify: (input: T) => { ok: boolean }, input: T): Promise<number> {
  const { ms, result } = await elapsedMs(() => verify(input))
  if (!result.ok) throw new Error('a proof made by all rules was refused')
  return ms
}

async function print(name: string, unit: 'ms' | 'MiB/s', run: () => Promise<number>): Promise<void> {
  // Once before, for the compiler: a node of the chain verifies all day.
  await run()
  const [figure] = await measure([{ name, unit }], async () => [await run()], {})
  process.stdout.write(`${JSON.stringify(figure)}\n`)
}
