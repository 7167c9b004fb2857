import { expect, test } from '@jest/globals'
import { NODE_BYTES, profileNamed, profiles } from './profile.ts'

test.each(Object.values(profiles))('$name holds a power of two of 32-byte nodes', (profile) => {
  expect(profile.nodes * NODE_BYTES).toBe(profile.sectorBytes)
  expect(Number.isInteger(Math.log2(profile.nodes))).toBe(true)
  expect(profile.porepId).toHaveLength(32)
  expect(profileNamed(profile.name)).toBe(profile)
})

test('no two profiles share a graph', () => {
  expect(new Set(Object.values(profiles).map((p) => String(p.porepId))).size).toBe(6)
})

test.each(['1GiB', 'toString', ''])('"%s" is refused as a profile by name', (name) => {
  expect(() => profileNamed(name)).toThrow(expect.objectContaining({ code: 'PROFILE_UNKNOWN' }))
})
