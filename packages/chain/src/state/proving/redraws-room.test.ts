/** After an hour in which nothing could be answered: all that was void is drawn again, and every honest answer finds room. */
import { profileNamed } from '@granary/proofs/profile'
import { postBundleBytesMax } from '@granary/proofs/verify'
import { unitsOf } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { sha256 } from '@noble/hashes/sha2.js'
import { addSector, createRules, PROVIDER } from '../../../test/rules.ts'
import { createBlockRoom } from '../machine/block-room.ts'
import { productionParams } from '../machine/params.ts'
import { tables } from '../store/tables.ts'
import { closeChallenge, closeDueChallenges, drawChallenges } from './challenges.ts'
import { partitionOf } from './partitions.ts'
import { addRedraw } from './redraws.ts'

const PROFILE = profileNamed('4GiB')
const PARTITIONS = 1_152
const BLOCK_MS = 5_000
/** Epochs from a challenge to the block that its answer may be in: to hear of it, to read, to prove and to send. */
const PROVING_EPOCHS = 4

test('1,152 void partitions of 4GiB sectors are drawn again, and no full-size answer to them misses its window', () => {
  const production = productionParams(BLOCK_MS)
  const { blockBytes, blockVerifyUnits, slotPartitionsMax, postSamples, profiles } = production
  const provingPeriod = PARTITIONS / slotPartitionsMax
  const rules = createRules({ provingPeriod, slotPartitionsMax, profiles, partitionSectorsMax: 1 })
  const bytes = postBundleBytesMax(PROFILE, postSamples) + 400
  const answer = { kind: 'SubmitPost', bytes, units: unitsOf('SubmitPost', bytes) } as const
  const partitions = [...Array(PARTITIONS).keys()]
  let last = 0
  for (let height = 1; height <= 20 + provingPeriod; height++) {
    const entropy = sha256(Uint8Array.of(height & 255, height >> 8))[0]!
    const context = rules.begin(height, { timeMs: height * BLOCK_MS, entropy })
    const { store } = context
    if (height === 1)
      for (const number of partitions) addSector(context, { number, expiry: 10_000, profile: PROFILE.name })
    if (height === 8) for (const partition of partitions) addRedraw(context, { provider: PROVIDER, partition })
    const room = createBlockRoom({ blockBytes, blockVerifyUnits })
    // In the order of their deadlines, as a block takes them.
    const open = [...tables.challengeDeadlines.entries(store, [])].map(({ parts }) => Number.parseInt(parts[2]!, 16))
    for (const number of open) {
      const { challenge } = partitionOf(store, PROVIDER, number)
      if (challenge!.openedAt + PROVING_EPOCHS <= height && room.take(answer)) {
        closeChallenge(context, PROVIDER, number, 'answered')
      }
    }
    closeDueChallenges(context)
    if (height >= 8) drawChallenges(context)
    else tables.draws.put(store, { through: height, frozenAt: 0, swaps: height })
    last = tables.redrawCount.get(store)?.count ?? 0
    rules.commit()
  }
  expect(last).toBe(0)
  const opened = rules.events.filter((event) => event.type === 'challenge:opened').length
  expect(opened).toBeGreaterThan(PARTITIONS)
  expect(rules.events.filter((event) => event.type === 'post:missed')).toEqual([])
})
