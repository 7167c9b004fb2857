/** Addition in the scalar field of BLS12-381, on nodes as little-endian integers: encoding and decoding. Section 7. */
import { NODE_BYTES } from './profile.ts'

const LIMBS = NODE_BYTES / 4
/** r = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001, least significant limb first. */
const MODULUS = [
  0x00000001, 0xffffffff, 0xfffe5bfe, 0x53bda402, 0x09a1d805, 0x3339d808, 0x299d7d48, 0x73eda753,
] as const

/** out[i] = (a[i] + b[i]) mod r, for runs of nodes; all are field elements. `out` may be `a` or `b`. */
export function addNodes(a: Uint8Array, b: Uint8Array, out: Uint8Array): void {
  const [left, right, sum] = [viewOf(a), viewOf(b), viewOf(out)]
  for (let at = 0; at < a.length; at += NODE_BYTES) {
    let carry = 0
    for (let i = 0; i < LIMBS; i += 1) {
      const limb = left.getUint32(at + 4 * i, true) + right.getUint32(at + 4 * i, true) + carry
      sum.setUint32(at + 4 * i, limb, true)
      carry = limb > 0xffffffff ? 1 : 0
    }
    if (isReduced(sum, at)) continue
    let borrow = 0
    for (let i = 0; i < LIMBS; i += 1) {
      const limb = sum.getUint32(at + 4 * i, true) - MODULUS[i]! - borrow
      sum.setUint32(at + 4 * i, limb, true)
      borrow = limb < 0 ? 1 : 0
    }
  }
}

/** out[i] = (a[i] − b[i]) mod r. */
export function subtractNodes(a: Uint8Array, b: Uint8Array, out: Uint8Array): void {
  const [left, right, difference] = [viewOf(a), viewOf(b), viewOf(out)]
  for (let at = 0; at < a.length; at += NODE_BYTES) {
    let borrow = 0
    for (let i = 0; i < LIMBS; i += 1) {
      const limb = left.getUint32(at + 4 * i, true) - right.getUint32(at + 4 * i, true) - borrow
      difference.setUint32(at + 4 * i, limb, true)
      borrow = limb < 0 ? 1 : 0
    }
    if (borrow === 0) continue
    let carry = 0
    for (let i = 0; i < LIMBS; i += 1) {
      const limb = difference.getUint32(at + 4 * i, true) + MODULUS[i]! + carry
      difference.setUint32(at + 4 * i, limb, true)
      carry = limb > 0xffffffff ? 1 : 0
    }
  }
}

export function isFieldElement(node: Uint8Array): boolean {
  return isReduced(viewOf(node), 0)
}

function isReduced(view: DataView, at: number): boolean {
  for (let i = LIMBS - 1; i >= 0; i -= 1) {
    const limb = view.getUint32(at + 4 * i, true)
    if (limb !== MODULUS[i]!) return limb < MODULUS[i]!
  }
  return false
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
