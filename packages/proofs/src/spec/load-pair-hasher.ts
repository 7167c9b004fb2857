/**
 * The quickest H2 that runs everywhere: WebAssembly with SIMD, four pairs at a time, in browsers and in Node alike. A page
 * whose policy forbids WebAssembly gets the portable one, half as quick. No node: imports.
 */
import { type HashPairs, hashPairs254, trunc254 } from './hash-pairs.ts'

/** Loaded at the first call, so that who only verifies neither downloads nor compiles it. */
export async function loadPairHasher(): Promise<HashPairs> {
  // Its module compiles WebAssembly as it is loaded, and throws where that is forbidden.
  const wasm = await import('@chainsafe/as-sha256').catch(() => undefined)
  if (wasm === undefined) return hashPairs254
  return (nodes, out) => {
    wasm.hashInto(nodes, out)
    trunc254(out)
  }
}
