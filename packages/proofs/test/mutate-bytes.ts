/** Changes of a bundle that an adversary or a bad disk would make: of bits, of nodes, of its length, of all of it. */
import { concatBytes } from '../src/spec/bytes.ts'
import type { Random } from './random.ts'

type Mutation = (bytes: Uint8Array, random: Random) => Uint8Array

const NODE_BYTES = 32

const mutations: readonly Mutation[] = [
  function flipBits(bytes, random) {
    const changed = bytes.slice()
    for (let i = random.integer(8); i >= 0 && bytes.length > 0; i -= 1)
      changed[random.integer(bytes.length)]! ^= 1 << random.integer(8)
    return changed
  },
  function overwrite(bytes, random) {
    const start = random.integer(bytes.length + 1)
    const run = random.bytes(random.integer(bytes.length - start + 1))
    const changed = bytes.slice()
    changed.set(run, start)
    return changed
  },
  function fill(bytes, random) {
    const start = random.integer(bytes.length + 1)
    return bytes.slice().fill(random.pick([0, 1, 0x3f, 0x80, 0xff]), start, start + random.integer(200))
  },
  function copyNode(bytes, random) {
    const nodes = Math.floor(bytes.length / NODE_BYTES)
    const from = 4 + NODE_BYTES * random.integer(nodes)
    return bytes.slice().copyWithin(4 + NODE_BYTES * random.integer(nodes), from, from + NODE_BYTES)
  },
  function rotateNodes(bytes, random) {
    const body = bytes.subarray(4)
    const by = NODE_BYTES * random.integer(Math.floor(body.length / NODE_BYTES) + 1)
    return concatBytes([bytes.subarray(0, 4), body.subarray(by), body.subarray(0, by)])
  },
  (bytes, random) => bytes.slice(0, random.integer(bytes.length)),
  (bytes, random) => concatBytes([bytes, random.bytes(random.integer(100))]),
  (bytes, random) => bytes.slice(random.integer(bytes.length)),
  (bytes, random) => random.bytes(bytes.length),
  (bytes, random) => concatBytes([bytes.subarray(0, 4), random.bytes(Math.max(0, bytes.length - 4))]),
  (_, random) => random.bytes(random.integer(4000)),
  () => new Uint8Array(),
]

export function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array {
  return random.pick(mutations)(bytes, random)
}
