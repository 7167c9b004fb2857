/** The test of random streams, for as many seeds as its tier has time for. A seed that fails is named, and replays. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createMarket } from './market.ts'
import { type Ground, prepareGround, runStream } from './random-stream.ts'
import { smallBlocks } from './small-blocks.ts'

/** @param count: seeds 0 to count − 1 */
export function randomStreamsTest(count: number, timeoutMs: number): void {
  let folder: string
  let ground: Ground
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'granary-streams-'))
    // Small blocks, so that some are full.
    ground = await prepareGround(
      createMarket(folder, { vesting: 16, forfeitEpochs: 8, ...smallBlocks(40_000) }),
      folder,
    )
  })
  afterAll(() => rm(folder, { recursive: true }))

  test(
    `${count.toLocaleString('en')} random streams give the same app hashes again, from the start and from the middle, and keep all money`,
    async () => {
      const seen = new Map<string, number>()
      for (let seed = 0; seed < count; seed++) {
        try {
          for (const [code, times] of Object.entries(await runStream(ground, seed))) {
            seen.set(code, (seen.get(code) ?? 0) + times)
          }
        } catch (cause) {
          throw new Error(`the stream of seed ${seed} failed`, { cause })
        }
      }
      const kinds = [
        'SubmitPost',
        'DeclareFaults',
        'RequestRecovery',
        'TerminateSectors',
        'ExtendSectors',
        'CancelDeal',
      ]
      for (const kind of [...kinds, 'TopUpDeal', 'WithdrawCollateral', 'PublishDeal', 'SettleDeals']) {
        expect([kind, seen.get(`${kind} OK`) ?? 0]).not.toEqual([kind, 0])
      }
      for (const type of ['reward:credited', 'reward:forfeited', 'reward:released', 'fees moved']) {
        expect([type, seen.get(type) ?? 0]).not.toEqual([type, 0])
      }
    },
    timeoutMs,
  )
}
