/** Runs a measurement several times, with U measured before and after each run: both see the same machine, busy or not. */
import { cpus } from 'node:os'
import { activeKernel } from '@granary/proofs/engine'
import type { BenchOptions } from './bench-input.ts'
import { bulkBlockNs } from './bulk-block.ts'
import { type Clock, type Figure, medianOf, rounded, type Unit } from './figure.ts'
import { processorMs } from './processor-ms.ts'

export const RUNS = 5

export interface Quantity {
  readonly name: string
  readonly unit: Unit
  /** @default 'wall' */
  readonly clock?: Clock
  /** The value is set against so many blocks of SHA-256 at the bulk rate; for values in ns. */
  readonly blocks?: number
}

/**
 * @param run one run: a value for each quantity, in its unit and in their order; run 0 is the first
 * @param runs fewer for what takes many minutes
 */
export async function measure(
  quantities: readonly Quantity[],
  run: (run: number) => Promise<readonly number[]>,
  { signal, onProgress }: BenchOptions,
  runs: number = RUNS,
): Promise<Figure[]> {
  const values: (readonly number[])[] = []
  const us: number[] = []
  for (let i = 0; i < runs; i += 1) {
    signal?.throwIfAborted()
    onProgress?.(`run ${i + 1} of ${runs}`)
    const before = bulkBlockNs()
    values.push(await run(i))
    us.push((before + bulkBlockNs()) / 2)
  }
  const machine = { kernel: activeKernel().name, cpu: cpus()[0]?.model.trim() ?? 'unknown', u: rounded(medianOf(us)) }
  return quantities.map(({ name, unit, blocks, clock = 'wall' }, at) => {
    const own = values.map((row) => row[at]!)
    return {
      name,
      unit,
      clock,
      min: rounded(Math.min(...own)),
      median: rounded(medianOf(own)),
      max: rounded(Math.max(...own)),
      runs: own.length,
      ...machine,
      ...(blocks === undefined ? {} : { ratio: ratioTo(own, us, blocks) }),
    }
  })
}

/** Each run against the U of its own moment: a busy machine slows both. */
function ratioTo(values: readonly number[], us: readonly number[], blocks: number): NonNullable<Figure['ratio']> {
  const ratios = values.map((value, i) => value / (blocks * us[i]!))
  const of = blocks === 1 ? 'U' : `${blocks} U`
  return { min: rounded(Math.min(...ratios)), median: rounded(medianOf(ratios)), max: rounded(Math.max(...ratios)), of }
}

/** What something gives, and how long it takes by the clock on the wall and by the processor's. */
export async function elapsedMs<T>(
  work: () => T | Promise<T>,
): Promise<{ readonly result: T; readonly ms: number; readonly cpuMs: number }> {
  const startMs = performance.now()
  const start = process.cpuUsage()
  const result = await work()
  return { result, ms: performance.now() - startMs, cpuMs: processorMs(start) }
}
