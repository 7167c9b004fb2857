/** `@granary/chain/node`: makes the folder of a chain, and runs a node on one. Builds every part and passes it on. */
import { readFileSync } from 'node:fs'
import type { GranaryError } from '@granary/base'
import { accountSigner } from '@granary/protocol/messages'
import { genesisHash } from '@granary/protocol/records'
import { machineTime, type Time } from './engine/clock/clock.ts'
import { createBeaconClock } from './engine/clock/create-beacon-clock.ts'
import { createLocalClock } from './engine/clock/create-local-clock.ts'
import { createCometNode } from './engine/comet/create-comet-node.ts'
import { unsignedHeader } from './engine/comet/unsigned-header.ts'
import { commitGenesis } from './engine/commit/commit-genesis.ts'
import { createHeaderSigner } from './engine/commit/create-header-signer.ts'
import { headerVerifierOf } from './engine/commit/header-verifier-of.ts'
import { verifyHead } from './engine/commit/verify-head.ts'
import { createEmbeddedEngine } from './engine/create-embedded-engine.ts'
import { type BeaconEvent, createDrandBeacon } from './engine/drand-beacon.ts'
import type { Engine, EngineEvent } from './engine/engine.ts'
import { createLocalBeacon } from './engine/local-beacon.ts'
import { createStatePool } from './engine/pool/create-state-pool.ts'
import { quicknetUrls } from './engine/quicknet.ts'
import { createVerifiers, type VerificationEvent } from './engine/verification/create-verifiers.ts'
import { watchUpgrades } from './engine/watch-upgrades.ts'
import { homeFiles } from './home/home-files.ts'
import { readHome } from './home/read-home.ts'
import { type AddressLimits, addressesThatCount, addressLimits } from './rpc/address-limits.ts'
import type { RpcFault } from './rpc/answer-errors.ts'
import { createApp } from './rpc/create-app.ts'
import { createFaucet } from './rpc/create-faucet.ts'
import { listen } from './rpc/listen.ts'
import { createNodeMetrics } from './rpc/node-metrics.ts'
import { keepSnapshots, type SnapshotEvent } from './snapshot/keep-snapshots.ts'
import {
  createStateMachine,
  currentFees,
  latestBlockTimeMs,
  RULES_KNOWN,
  readHead,
  readParams,
  roundsToDeliver,
  sendersOf,
} from './state/index.ts'
import { dealKeys } from './store/deal-keys.ts'
import { assertSchemaVersion } from './store/open-database.ts'
import { openStore } from './store/open-store.ts'
import { storeFault } from './store/store-fault.ts'
import { assertKept } from './upkeep/prune-chain.ts'

export { COMET_INSTALL, checkComet } from './engine/comet/find-comet.ts'
export { type CollectedNetwork, type CollectOptions, collectNetwork } from './home/collect-network.ts'
export { type InitChainOptions, type InitializedChain, initChain } from './home/init-chain.ts'
export { type InitializedTestnet, initTestnet, type TestnetOptions } from './home/init-testnet.ts'
export { type JoinedNetwork, type JoinOptions, joinNetwork } from './home/join-network.ts'
export { type EntryOptions, makeEntry } from './home/make-entry.ts'
export type { NetworkEntry } from './home/network-entry.ts'
export { type ExportedSnapshot, type ExportOptions, exportSnapshot } from './upkeep/export-snapshot.ts'
export { type GrownChain, type GrowOptions, growChain } from './upkeep/grow-chain.ts'
export { type ImportedSnapshot, type ImportOptions, importSnapshot } from './upkeep/import-snapshot.ts'
export { BLOCKS_KEPT_MIN, type PrunedChain, type PruneOptions, pruneChain } from './upkeep/prune-chain.ts'
export { type ReplayedChain, type ReplayOptions, replayChain } from './upkeep/replay-chain.ts'
export { type VerifiedChain, type VerifyOptions, verifyChain } from './upkeep/verify-chain.ts'

/** Rounds that are asked for at a time when some are late. */
const ROUNDS_AT_ONCE = 8

/** What a node tells its log. */
export type ChainLogEvent =
  | EngineEvent
  | BeaconEvent
  | VerificationEvent
  | SnapshotEvent
  | RpcFault
  | { readonly type: 'started'; readonly height: number }

export interface RunChainOptions {
  readonly home: string
  /** @default 127.0.0.1 */
  readonly host?: string
  /** 0 for any free one. */
  readonly port: number
  readonly log?: (event: ChainLogEvent) => void
  /** What each address of another machine may use of the RPC. */
  readonly addressLimits?: AddressLimits
  /** Relays of the drand network that the genesis names. @default those of quicknet */
  readonly beaconUrls?: readonly string[]
  /** The machine's clock is right: blocks are made before a relay of the beacon has shown so, for this start. @default false */
  readonly trustClock?: boolean
  /** Of the machine. @default its own */
  readonly time?: Time
  /** Blocks whose proofs are kept, at least {@link BLOCKS_KEPT_MIN}: those of older ones are dropped. @default all */
  readonly keepProofs?: number
  /** CometBFT, of a home with a network.json. @default as PATH has it */
  readonly cometProgram?: string
  /** The newest rules that the node goes by: a test has an older or a newer one. @default those of this program */
  readonly rulesKnown?: number
  /** Aborting it stops the node. */
  readonly signal?: AbortSignal
}

export interface RunningChain {
  readonly url: string
  /** Resolves if the node halts by itself: something that must never happen has happened. */
  readonly halted: Promise<GranaryError>
  /** Lets the block in hand be finished, answers those who wait, frees port and folder. */
  stop(): Promise<void>
}

/** @throws GranaryError HOME_MISSING, HOME_LOCKED, STORE_CORRUPT, STORE_VERSION_UNKNOWN, UPGRADE_REQUIRED, KEY_INVALID, PORT_IN_USE, … */
export async function runChain(options: RunChainOptions): Promise<RunningChain> {
  const {
    home,
    host = '127.0.0.1',
    port,
    log = () => undefined,
    keepProofs,
    beaconUrls = quicknetUrls,
    trustClock = false,
    time = machineTime,
    signal,
    cometProgram = 'cometbft',
    rulesKnown = RULES_KNOWN,
  } = options
  signal?.throwIfAborted()
  if (keepProofs !== undefined) assertKept(keepProofs)
  assertSchemaVersion(homeFiles(home).database)
  const { genesis, validatorKey, validator, beaconKey, faucetKey, comet } = await readHome(
    home,
    options.beaconUrls !== undefined,
  )
  const store = openStore({ path: homeFiles(home).database, dealKeys })
  const verification = createVerifiers({ log })
  let built: Engine | undefined
  try {
    const local = beaconKey && createLocalBeacon(beaconKey)
    const { verifiers } = verification
    const machine = createStateMachine({
      reader: store.reader,
      rulesKnown,
      verifiers: local === undefined ? verifiers : { ...verifiers, beacon: local.verifies },
    })
    const head = store.head()
    if (head === undefined) {
      const sign = comet === undefined ? createHeaderSigner(genesis, validatorKey) : unsignedHeader
      commitGenesis({ store, machine, genesis, sign })
    } else {
      // Votes for a header are with CometBFT; the last that one has signed alone has its signature.
      const isSigned = comet === undefined || head.signature.length > 0
      verifyHead(store, genesis, head, isSigned ? headerVerifierOf(genesis) : undefined)
    }

    const required = machine.upgradeRequired()
    if (required !== undefined) throw required

    const headTimeMs = head?.timeMs ?? genesis.timeMs
    const clock = genesis.devnet
      ? createLocalClock(time, headTimeMs)
      : createBeaconClock({ beacon: genesis.beacon, time, trust: trustClock, log })
    const beacon =
      local === undefined
        ? createDrandBeacon({ urls: beaconUrls, beacon: genesis.beacon, clock, log })
        : { ...local, start: () => undefined, stop: () => undefined }

    const senders = sendersOf(store.reader)
    const pool = createStatePool({ machine, reader: store.reader })
    const metrics = createNodeMetrics({
      height: () => store.head()?.height ?? 0,
      mempoolTxs: () => pool.size,
      isHalted: () => engine.failure !== undefined,
      isStalled: () => engine.stalled !== undefined,
      clock: () => engine.clock,
      comet: comet && (() => engine.figures!()),
    })
    const parts = {
      genesis,
      machine,
      store,
      pool,
      senders,
      beacon,
      clock,
      verification,
      validatorKey,
      keepProofs,
      latestBlockTimeMs: (newestRound: number | undefined) => latestBlockTimeMs(store.reader, genesis, newestRound),
      roundsToDeliver: (next: number) => roundsToDeliver(store.reader, next, ROUNDS_AT_ONCE),
      log: (event: EngineEvent) => {
        metrics.observe(event)
        log(event)
      },
    }
    const version = packageVersion()
    const snapshots =
      comet && keepSnapshots({ store, folder: homeFiles(home).snapshots, every: comet.network.snapshotEvery, log })
    const engine: Engine =
      comet === undefined
        ? createEmbeddedEngine(parts)
        : await createCometNode({
            ...parts,
            ...comet,
            snapshots,
            keepBlocks: comet.network.keepBlocks,
            folder: homeFiles(home).comet,
            socket: homeFiles(home).cometSocket,
            program: cometProgram,
            time,
            version,
          })
    built = engine
    const faucet =
      faucetKey &&
      createFaucet({
        engine,
        signer: accountSigner(faucetKey),
        genesisHash: genesisHash(genesis),
        blockTimeMs: genesis.blockTimeMs,
        validator,
        fees: () => currentFees(store.reader, readParams(store.reader)),
        height: () => readHead(store.reader).height,
      })
    const limits = addressLimits(options.addressLimits)
    const addressOf = addressesThatCount(limits)
    const app = createApp({ engine, store, genesis, faucet, version, rulesKnown, metrics, limits, addressOf, log })
    const listening = await listen(app.handler, host, port, { connections: limits.connections, addressOf })
    beacon.start()
    engine.start()
    log({ type: 'started', height: store.head()?.height ?? 0 })
    const tellOfUpgrades = watchUpgrades({ reader: store.reader, rulesKnown, log })
    tellOfUpgrades()
    engine.onBlock(tellOfUpgrades)
    const stop = stopOnce(async () => {
      await engine.stop()
      await snapshots?.stop()
      beacon.stop()
      app.close()
      await listening.close()
      await verification.stop()
      store.close()
    })
    signal?.addEventListener('abort', () => void stop(), { once: true })
    const halted = engine.halted.then((error) => storeFault(error, store.path))
    return { url: listening.url, halted, stop }
  } catch (error) {
    await built?.stop()
    await verification.stop()
    store.close()
    throw storeFault(error, store.path)
  }
}

function stopOnce(stop: () => Promise<void>): () => Promise<void> {
  let stopped: Promise<void> | undefined
  return () => (stopped ??= stop())
}

// The package's own file lies beside src and beside dist.
function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : ''
}
