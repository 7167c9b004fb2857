/** A small generator of random numbers from a seed (sfc32), for tests that need many of them again and again alike. */
export interface Random {
  /** 0 … below − 1 */
  integer(below: number): number
  bytes(length: number): Uint8Array
  pick<T>(items: readonly T[]): T
}

export function createRandom(seed: number): Random {
  let [a, b, c, counter] = [seed | 0, 0x9e3779b9 | 0, 0x243f6a88 | 0, 1]
  const next = (): number => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
  for (let i = 0; i < 12; i += 1) next()
  const integer = (below: number): number => Math.floor((next() / 2 ** 32) * below)
  return {
    integer,
    bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff),
    pick: (items) => items[integer(items.length)]!,
  }
}
