/** The engine of a validator on CometBFT: its application, and the pair that the two are. */

import type { GranaryError } from '@granary/base'
import type { Time } from '../clock/clock.ts'
import type { Engine } from '../engine.ts'
import { type CometHome, writeCometHome } from './comet-home.ts'
import { createCometRpc } from './comet-rpc.ts'
import { type CometEngineParts, createCometEngine } from './create-comet-engine.ts'
import { createPair } from './create-pair.ts'
import { checkComet } from './find-comet.ts'
import { createStallWatch } from './watch-stalls.ts'

export interface CometNodeParts extends Omit<CometEngineParts, 'consensus'> {
  /** Where it and its peers are reached. */
  readonly network: Pick<CometHome, 'rpc' | 'p2p' | 'peers' | 'stateSync'>
  /** Of CometBFT's own home, and of the socket between the two. */
  readonly folder: string
  readonly socket: string
  /** ed25519 seeds, 32 bytes. */
  readonly validatorKey: Uint8Array
  readonly nodeKey: Uint8Array
  /** CometBFT, by its name on PATH or its path. */
  readonly program: string
  readonly time: Time
}

const LOOK_MS = 1_000

/** Listens for CometBFT from now on. @throws GranaryError COMETBFT_MISSING, COMETBFT_VERSION_WRONG, HOME_LOCKED, SOCKET_PATH_TOO_LONG */
export async function createCometNode(parts: CometNodeParts): Promise<Engine> {
  const { network, folder, socket, program, clock, time, store, genesis, validatorKey, nodeKey, log } = parts
  const { rpc, p2p, peers, stateSync } = network
  await checkComet(program)
  const consensus = createCometRpc(`http://${rpc.host}:${rpc.port}`)
  const { engine, application, passOnAgain, halt } = createCometEngine({
    ...parts,
    consensus,
    joins: stateSync !== undefined,
  })
  // Where CometBFT begins at its first start: behind the genesis, or behind the blocks that one validator has made alone.
  const first = store.head()!
  const pair = createPair({
    application,
    socket,
    program,
    folder,
    clock,
    time,
    prepare: (address) =>
      writeCometHome({
        folder,
        genesis,
        head: first,
        validatorKey,
        nodeKey,
        rpc,
        p2p,
        peers,
        stateSync,
        application: address,
      }),
    onStart: passOnAgain,
    onFault: halt,
    log,
  })
  const stalled = (): GranaryError | undefined => pair.clockFault ?? engine.stalled
  const stalls = createStallWatch({
    stalled,
    height: () => store.head()!.height,
    monotonicMs: () => time.monotonicMs(),
    log,
  })
  let looking: NodeJS.Timeout | undefined
  await pair.listen()
  return {
    ...engine,
    get failure() {
      return engine.failure
    },
    get stalled() {
      return stalled()
    },
    get clock() {
      return engine.clock
    },
    figures: consensus.figures,
    start() {
      pair.start()
      looking = setInterval(stalls.look, LOOK_MS)
    },
    async stop() {
      clearInterval(looking)
      await pair.stop()
      await engine.stop()
    },
  }
}
