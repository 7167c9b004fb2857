/**
 * How long something is to last. It is an object, since a number alone could be epochs, seconds or milliseconds, and whoever mixes
 * them up pays for it. docs/adr/0064-durations-have-a-unit.md
 */

/** So many milliseconds: `days(180)`, or `{ ms: 90_000 }`. On the chain it is whole epochs, rounded up. */
export interface Duration {
  readonly ms: number
}

/** So many times 24 hours. */
export function days(count: number): Duration {
  return { ms: count * 86_400_000 }
}

/** So many hours. */
export function hours(count: number): Duration {
  return { ms: count * 3_600_000 }
}

/** So many minutes. */
export function minutes(count: number): Duration {
  return { ms: count * 60_000 }
}
