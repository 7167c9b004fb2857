/**
 * One validator, in process: takes transactions, makes a block each block time, signs its header and commits it in one
 * transaction of the store. Blocks come whether or not there is anything to put in, because an epoch is a height.
 */
import { setImmediate } from 'node:timers/promises'
import { hashTxs } from '@granary/protocol/header'
import { beaconRoundFor } from '../state/index.ts'
import { type BeaconSource, knownEntries } from './beacon-source.ts'
import type { Clock } from './clock/clock.ts'
import { createBlockTimes } from './clock/create-block-times.ts'
import { createHeaderSigner } from './commit/create-header-signer.ts'
import { createEngineCore, type EngineCoreParts } from './create-engine-core.ts'
import type { Engine } from './engine.ts'
import { createPacer } from './pacer.ts'
import { createStopwatch } from './stopwatch.ts'

export interface EmbeddedEngineParts extends EngineCoreParts {
  readonly beacon: BeaconSource
  /** ed25519 seed, 32 bytes. */
  readonly validatorKey: Uint8Array
  /** The rounds that a block could bring, those first that matter most; `next` is that of its own epoch. */
  readonly roundsToDeliver: (next: number) => readonly number[]
  readonly clock: Clock
  /** The latest time that the rules allow the next block, if it can bring that round. */
  readonly latestBlockTimeMs: (newestRound: number | undefined) => number
}

export function createEmbeddedEngine(parts: EmbeddedEngineParts): Engine {
  const { genesis, machine, store, pool, beacon, clock, log } = parts
  const sign = createHeaderSigner(genesis, parts.validatorKey)
  const core = createEngineCore(parts)
  let nextHeight = 0
  let running: Promise<void> = Promise.resolve()

  const pacer = createPacer(genesis.blockTimeMs)
  const times = createBlockTimes({
    clock,
    blockTimeMs: genesis.blockTimeMs,
    latestMs: () => parts.latestBlockTimeMs(beacon.newest()?.round),
    monotonicMs: () => performance.now(),
    log: ({ code, message, hint }) => log({ type: 'stalled', code, message, hint }),
  })

  function produce(): void {
    const startedAt = performance.now()
    const head = core.head()
    const height = head.height + 1
    nextHeight = height
    const timeMs = times.next(head.timeMs)
    if (timeMs === undefined) return
    const turn = pool.turn(core.tell)
    const stopwatch = createStopwatch()
    const txs = machine.prepareBlock({
      height,
      timeMs,
      candidates: turn.candidates,
      onOutcome: turn.onOutcome,
      beacon: knownEntries(beacon, parts.roundsToDeliver(beaconRoundFor(genesis, head.timeMs))),
      newest: beacon.newest(),
      observer: stopwatch.start((index) => turn.offered[index]?.bytes),
    })
    const block = { height, timeMs, txs }
    // No processBlock: that is a vote over somebody else's proposal, and finalizeBlock checks all that it does.
    const finalized = machine.finalizeBlock(
      block,
      stopwatch.start((index) => txs[index]),
    )
    const header = sign({ height, timeMs, previousHash: head.hash, txsHash: hashTxs(txs), appHash: head.appHash })
    for (const { bytes, checkMs } of turn.offered) stopwatch.add(bytes, checkMs)
    beacon.want(beaconRoundFor(genesis, timeMs))
    core.commit({ block, header, finalized, elapsedMs: stopwatch.elapsedMs }, startedAt)
  }

  async function run(): Promise<void> {
    while (core.running) {
      await pacer.next()
      if (!core.running) return
      try {
        produce()
        // Who waits for the block has its answer first.
        await setImmediate()
        store.clearLog()
      } catch (error) {
        core.halt(nextHeight, error)
      }
    }
  }

  return {
    ...core.engine,
    get failure() {
      return core.engine.failure
    },
    get stalled() {
      return times.stalled
    },
    get clock() {
      return clock.status
    },
    start() {
      running = run()
    },
    async stop() {
      core.stop()
      pacer.wake()
      await running
      core.end()
    },
  }
}
