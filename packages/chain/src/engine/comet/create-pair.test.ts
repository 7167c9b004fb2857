/** When CometBFT is run at all; e2e runs the real one. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { CometEvent } from '../engine.ts'
import type { AbciApplication } from './abci/application.ts'
import { createPair, type Pair } from './create-pair.ts'

const NOW_MS = 1_800_000_000_000
const HOUR_MS = 3_600_000

let folder: string
let pair: Pair
const machine = { aheadMs: 0, isKnown: true }
const log: CometEvent[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-pair-'))
  // In the place of CometBFT: runs until it is stopped.
  const program = join(folder, 'program')
  writeFileSync(program, '#!/bin/sh\nexec sleep 600\n')
  chmodSync(program, 0o700)
  log.length = 0
  pair = createPair({
    application: {} as AbciApplication,
    socket: join(folder, 'comet', 'abci.sock'),
    program,
    folder,
    clock: {
      nowMs: () => (machine.isKnown ? NOW_MS : undefined),
      heard: () => undefined,
      status: { trust: 'proven', newestRound: 1, silentMs: 0, dispute: undefined },
    },
    time: { monotonicMs: () => performance.now(), machineMs: () => NOW_MS + machine.aheadMs },
    prepare: async () => undefined,
    onStart: () => undefined,
    onFault: () => undefined,
    log: (event) => log.push(event),
  })
})

afterEach(async () => {
  await pair.stop()
  rmSync(folder, { recursive: true })
})

test('while the clock is wrong, or nothing shows that it is right, no CometBFT runs, which would vote by it', async () => {
  Object.assign(machine, { aheadMs: -HOUR_MS, isKnown: false })
  await pair.listen()
  pair.start()
  expect(pair.clockFault).toMatchObject({ code: 'CLOCK_UNPROVEN' })
  machine.isKnown = true
  const wrong = { code: 'VALIDATOR_CLOCK_WRONG', message: expect.stringContaining('3600 s behind') }
  expect(pair.clockFault).toMatchObject(wrong)
  expect(log).toEqual([])
  machine.aheadMs = 3_000
  expect(pair.clockFault).toBeUndefined()
  const pid = await started()
  machine.aheadMs = 11_000
  expect(pair.clockFault).toMatchObject({ details: { aheadMs: 11_000 } })
  while (isAlive(pid)) await sleep(20)
  expect(log.filter(({ type }) => type === 'comet:started')).toHaveLength(1)
})

async function started(): Promise<number> {
  for (;;) {
    const found = log.find((event) => event.type === 'comet:started')
    if (found !== undefined) return found.pid
    await sleep(20)
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
