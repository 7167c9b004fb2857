/** A measured quantity, with all that is needed to compare it with that of another machine. */
export interface Figure {
  readonly name: string
  readonly unit: Unit
  readonly clock: Clock
  readonly min: number
  readonly median: number
  readonly max: number
  readonly runs: number
  /** The kernel that was active. */
  readonly kernel: string
  readonly cpu: string
  /** U in nanoseconds: the median of what was measured around each run. */
  readonly u: number
  /** For what is bound by hashing: in units of this machine. */
  readonly ratio?: { readonly min: number; readonly median: number; readonly max: number; readonly of: string }
}

/** What one core does is given in processor time: other programs do not lengthen it. */
export type Clock = 'wall' | 'processor'

export type Unit = 'ns' | 'ms' | 's' | 'MiB' | 'MiB/s' | 'MB/s' | 'MB' | '%'

export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Four digits: more are noise. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4))
}
