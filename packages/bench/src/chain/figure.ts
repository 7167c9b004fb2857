/** A measured quantity of the chain, with the bound that it must keep. */
import { availableParallelism, cpus } from 'node:os'

export interface ChainFigure {
  readonly name: string
  readonly unit: '/s' | 'ms' | 'MB'
  readonly value: number
  /** Of the single measurements behind `value`. */
  readonly min: number
  readonly max: number
  readonly runs: number
  /** The bound, and whether the value keeps it. */
  readonly must: number
  readonly holds: boolean
  /** What it is to become, where that is more. */
  readonly goal?: number
  readonly cpu: string
  readonly cores: number
}

export interface BenchOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (words: string) => void
}

export type Quantity = Pick<ChainFigure, 'name' | 'unit' | 'must' | 'goal'>

/** @param pick which of the values, sorted, stands for all: 0.5 the median, 0.99 the 99th percentile */
export function figureOf({ name, unit, must, goal }: Quantity, values: readonly number[], pick = 0.5): ChainFigure {
  const sorted = values.toSorted((a, b) => a - b)
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * pick))]!
  return {
    name,
    unit,
    value: rounded(value),
    min: rounded(sorted[0]!),
    max: rounded(sorted.at(-1)!),
    runs: sorted.length,
    must,
    holds: unit === '/s' ? value >= must : value <= must,
    ...(goal === undefined ? {} : { goal }),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
  }
}

function rounded(value: number): number {
  return Number(value.toPrecision(4))
}
