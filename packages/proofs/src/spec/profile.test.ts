import { describe, expect, test } from '@jest/globals'
import { customProfile, NODE_BYTES, profileNamed, profiles } from './profile.ts'

test.each(Object.values(profiles))('$name holds a power of two of 32-byte nodes', (profile) => {
  expect(profile.nodes * NODE_BYTES).toBe(profile.sectorBytes)
  expect(Number.isInteger(Math.log2(profile.nodes))).toBe(true)
  expect(profile.porepId).toHaveLength(32)
  expect(profileNamed(profile.name)).toBe(profile)
})

test('no two profiles share a graph', () => {
  expect(new Set(Object.values(profiles).map((p) => String(p.porepId))).size).toBe(Object.keys(profiles).length)
})

test.each(['1EiB', 'toString', ''])('"%s" is refused as a profile by name', (name) => {
  expect(() => profileNamed(name)).toThrow(expect.objectContaining({ code: 'PROFILE_UNKNOWN' }))
})

describe("a profile of one's own", () => {
  const given = { sectorBytes: 4096, layers: 3, challenges: 5, porepId: new Uint8Array(32).fill(7) }

  test('has nodes of 32 bytes, and no chain takes it', () => {
    expect(customProfile(given)).toEqual({ ...given, name: 'custom', nodes: 128, insecure: true })
  })

  test.each([
    { sectorBytes: 3000 },
    { sectorBytes: 64 },
    { sectorBytes: 2 ** 38 },
    { layers: 0 },
    { layers: 65 },
    { challenges: 1.5 },
    { porepId: new Uint8Array(31) },
  ])('%j is refused', (change) => {
    expect(() => customProfile({ ...given, ...change })).toThrow(expect.objectContaining({ code: 'PROFILE_INVALID' }))
  })
})
