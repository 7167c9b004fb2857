/** Takes runs of nodes off a bundle whose exact length has been checked. */
import { NODE_BYTES } from '../spec/profile.ts'

export function createNodeReader(bundle: Uint8Array, start: number): (nodes: number) => Uint8Array {
  let offset = start
  return (nodes) => {
    const run = bundle.subarray(offset, offset + nodes * NODE_BYTES)
    offset += run.length
    return run
  }
}
