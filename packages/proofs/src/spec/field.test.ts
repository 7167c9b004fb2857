import { expect, test } from '@jest/globals'
import { fromHex, hex, noise } from '../../test/support.ts'
import { addNodes, isFieldElement, subtractNodes } from './field.ts'

const R = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n

function node(value: bigint): Uint8Array {
  return fromHex(value.toString(16).padStart(64, '0')).reverse()
}

const values = [0n, 1n, 0xffffffffn, 2n ** 64n - 1n, 2n ** 254n - 1n, R - 2n, R - 1n]
const random = Array.from({ length: 20 }, (_, i) => BigInt(`0x${hex(noise(`field ${i}`, 32))}`) % R)
const all = [...values, ...random]

test('addition and subtraction of nodes are those of the field', () => {
  for (const a of all)
    for (const b of all) {
      const out = new Uint8Array(32)
      addNodes(node(a), node(b), out)
      expect(hex(out)).toBe(hex(node((a + b) % R)))
      subtractNodes(node(a), node(b), out)
      expect(hex(out)).toBe(hex(node((((a - b) % R) + R) % R)))
    }
})

test('only integers below r are field elements', () => {
  for (const value of all) expect(isFieldElement(node(value))).toBe(true)
  for (const value of [R, R + 1n, 2n ** 255n, 2n ** 256n - 1n]) expect(isFieldElement(node(value))).toBe(false)
})
