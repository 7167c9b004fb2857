/**
 * fr32: 127 bytes of payload become four nodes of 254 bits, so that each is a field element.
 * docs/spec/proofs.md section 1; the same bytes as filecoin-proofs' fr32 reader.
 */
import { GranaryError } from '@granary/base'
import { NODE_BYTES } from './profile.ts'

/** Payload bytes and padded bytes of one unit. */
export const UNIT_PAYLOAD_BYTES = 127
export const UNIT_PADDED_BYTES: number = 4 * NODE_BYTES

export class Fr32Error extends GranaryError {
  constructor(message: string) {
    super({
      code: 'FR32_INVALID',
      message,
      hint: 'the bytes are not fr32-padded data: pass what padFr32 gave, or the nodes of an unsealed sector',
    })
  }
}

/** Pads to whole units of 128 bytes; a last part shorter than 127 bytes is zero-extended first. */
export function padFr32(bytes: Uint8Array): Uint8Array {
  const whole = Math.floor(bytes.length / UNIT_PAYLOAD_BYTES)
  const units = Math.ceil(bytes.length / UNIT_PAYLOAD_BYTES)
  const nodes = new Uint8Array(units * UNIT_PADDED_BYTES)
  for (let unit = 0; unit < whole; unit += 1) padUnit(bytes, unit * UNIT_PAYLOAD_BYTES, nodes, unit * UNIT_PADDED_BYTES)
  if (whole === units) return nodes
  const last = new Uint8Array(UNIT_PAYLOAD_BYTES)
  last.set(bytes.subarray(whole * UNIT_PAYLOAD_BYTES))
  padUnit(last, 0, nodes, whole * UNIT_PADDED_BYTES)
  return nodes
}

/** @throws Fr32Error FR32_INVALID when a top bit of a node is set, or the length is not of whole units */
export function unpadFr32(nodes: Uint8Array): Uint8Array {
  if (nodes.length % UNIT_PADDED_BYTES !== 0)
    throw new Fr32Error(`fr32 nodes come in units of 128 bytes, got ${nodes.length} bytes`)
  const units = nodes.length / UNIT_PADDED_BYTES
  const bytes = new Uint8Array(units * UNIT_PAYLOAD_BYTES)
  for (let i = NODE_BYTES - 1; i < nodes.length; i += NODE_BYTES)
    if (nodes[i]! > 0x3f) throw new Fr32Error(`node ${(i + 1) / NODE_BYTES - 1} has a top bit set`)
  for (let unit = 0; unit < units; unit += 1)
    unpadUnit(nodes, unit * UNIT_PADDED_BYTES, bytes, unit * UNIT_PAYLOAD_BYTES)
  return bytes
}

// Node i starts at bit 254·i, that is 2·i bits before byte 32·i of the unit. A loop for each: a shift that does not change
// makes them three times as quick, and every byte of an upload passes here.
function padUnit(from: Uint8Array, start: number, to: Uint8Array, out: number): void {
  let before = 0
  for (let i = 0; i < 32; i += 1) {
    before = from[start + i]!
    to[out + i] = before
  }
  for (let i = 32; i < 64; i += 1) {
    const here = from[start + i]!
    to[out + i] = (here << 2) | (before >> 6)
    before = here
  }
  for (let i = 64; i < 96; i += 1) {
    const here = from[start + i]!
    to[out + i] = (here << 4) | (before >> 4)
    before = here
  }
  for (let i = 96; i < UNIT_PAYLOAD_BYTES; i += 1) {
    const here = from[start + i]!
    to[out + i] = (here << 6) | (before >> 2)
    before = here
  }
  to[out + UNIT_PAYLOAD_BYTES] = before >> 2
  for (let last = NODE_BYTES - 1; last < UNIT_PADDED_BYTES; last += NODE_BYTES) to[out + last]! &= 0x3f
}

function unpadUnit(from: Uint8Array, start: number, to: Uint8Array, out: number): void {
  for (let i = 0; i < UNIT_PAYLOAD_BYTES; i += 1) {
    const shift = 2 * Math.floor(i / NODE_BYTES)
    const isLastOfNode = i % NODE_BYTES === NODE_BYTES - 1
    // A node's last byte holds 6 bits: the rest of the payload byte is in the next node.
    to[out + i] = (from[start + i]! >> shift) | (from[start + i + 1]! << ((isLastOfNode ? 6 : 8) - shift))
  }
}
