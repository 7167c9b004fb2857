import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createMarket } from '../../test/market.ts'
import { type Ground, prepareGround, runStream } from '../../test/random-stream.ts'

let folder: string
let ground: Ground
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-streams-'))
  ground = await prepareGround(createMarket(folder), folder)
})
afterAll(() => rm(folder, { recursive: true }))

test('2,000 random streams give the same app hashes again, from the start and from the middle, and keep all money', async () => {
  const seen = new Map<string, number>()
  for (let seed = 0; seed < 2_000; seed++) {
    try {
      for (const [code, count] of Object.entries(await runStream(ground, seed))) {
        seen.set(code, (seen.get(code) ?? 0) + count)
      }
    } catch (cause) {
      throw new Error(`the stream of seed ${seed} failed`, { cause })
    }
  }
  const kinds = ['SubmitPost', 'DeclareFaults', 'RequestRecovery', 'TerminateSectors', 'ExtendSectors', 'CancelDeal']
  for (const kind of [...kinds, 'TopUpDeal', 'WithdrawCollateral', 'PublishDeal', 'SettleDeals']) {
    expect([kind, seen.get(`${kind} OK`) ?? 0]).not.toEqual([kind, 0])
  }
}, 7_200_000)
