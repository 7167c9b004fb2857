/** Numbers that follow from a seed and a name alone, on any machine: each part of a simulation has a stream of its own. */
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'

export interface Random {
  /** 0 ≤ value < 1, of 48 bits. */
  unit(): number
  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number
  bytes32(): Uint8Array
}

export function createRandom(seed: number, stream: string): Random {
  let state = sha256(utf8ToBytes(`granary/sim/1 ${seed} ${stream}`))
  const next = (): Uint8Array => {
    state = sha256(state)
    // What is given out is not what the stream goes on from.
    return sha256(concatBytes(state, Uint8Array.of(1)))
  }
  const unit = (): number => {
    const view = new DataView(next().buffer)
    return (view.getUint32(0) * 2 ** 16 + view.getUint16(4)) / 2 ** 48
  }
  return { unit, bytes32: next, between: (min, max) => min + Math.floor(unit() * (max - min + 1)) }
}
