import { expect, test } from '@jest/globals'
import { sha256 } from '@noble/hashes/sha2.js'
import { addSector, createRules, PROVIDER, type Rules } from '../../test/rules.ts'
import { closeDueChallenges, drawChallenges } from './challenges.ts'
import { standingOf } from './spans.ts'
import { tables } from './tables.ts'

/** Blocks with no answers, until a challenge of the one sector has ended. @returns how */
function firstEnd(rules: Rules, blockTimeMs: number): string {
  for (let height = 1; height < 300; height++) {
    const entropy = sha256(Uint8Array.of(height & 255, height >> 8))[0]!
    const context = rules.begin(height, { timeMs: height * blockTimeMs, entropy })
    if (height === 1) addSector(context, { number: 0, expiry: 10_000, profile: '512MiB' })
    closeDueChallenges(context)
    drawChallenges(context)
    rules.commit()
    const end = rules.events.find((event) => event.type === 'post:missed' || event.type === 'challenge:void')
    if (end === undefined) continue
    const sector = tables.sectors.get(context.store, PROVIDER, 0)!
    const { stoppedAt } = standingOf(context.store, PROVIDER, sector)
    expect(stoppedAt).toBe(end.type === 'post:missed' ? height : undefined)
    return end.type === 'challenge:void' ? String(end.reason) : end.type
  }
  return 'none'
}

test('a challenge on a chain of the right speed is missed when nobody answers', () => {
  expect(firstEnd(createRules({ provingPeriod: 10 }), 500)).toBe('post:missed')
})

test('slow blocks: a window that took longer than a replica may need is void, neither proven nor missed', () => {
  // 28 epochs, which are 14 s at half a second each, of the 14.9 s that the profile bears.
  expect(firstEnd(createRules({ provingPeriod: 10 }), 540)).toBe('CHAIN_SLOW')
})
