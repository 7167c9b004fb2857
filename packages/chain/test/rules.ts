/**
 * The rules alone, without transactions, proofs or a beacon's key: a state with one provider, to which a test adds sectors
 * and randomness as it likes.
 */
import type { ProfileName } from '@granary/proofs/profile'
import type { ChainEvent } from '@granary/protocol/events'
import type { ChainParams } from '@granary/protocol/records'
import { createChecks } from '../src/state/machine/checks.ts'
import { devnetGenesis } from '../src/state/machine/genesis.ts'
import { writeProvider } from '../src/state/money/ledger.ts'
import { earnEpoch, initRewards, rewardsOf } from '../src/state/money/rewards.ts'
import { beaconRoundFor } from '../src/state/proving/beacon.ts'
import { reservePlace, takePlace } from '../src/state/proving/partitions.ts'
import { initSlots } from '../src/state/proving/slots.ts'
import type { BlockContext } from '../src/state/store/context.ts'
import { writeGenesis } from '../src/state/store/head.ts'
import { createOverlay } from '../src/state/store/store.ts'
import { tables } from '../src/state/store/tables.ts'
import { createMemoryState } from './memory-state.ts'
import { profilesWith } from './profiles-with.ts'

export const PROVIDER = 1000
const NOBODY = `0x${'00'.repeat(20)}` as const

export interface Rules {
  readonly events: ChainEvent[]
  /** A block's context; its writes wait for commit. @param entropy: of the epoch's round; undefined: it is not there */
  begin(height: number, given: { timeMs: number; entropy: number | undefined }): BlockContext
  /** The round of an earlier epoch, late; before the first there is none. */
  deliver(epoch: number, entropy: number): void
  commit(): void
}

export function createRules(given: Partial<ChainParams>): Rules {
  const base = devnetGenesis({
    validator: `0x${'00'.repeat(32)}`,
    beaconPublicKey: `0x${'00'.repeat(96)}`,
    faucet: NOBODY,
    timeMs: 0,
  })
  const params = {
    ...base.params,
    beaconLatenessMs: 2 * base.blockTimeMs,
    partitionDeposit: 0n,
    profiles: profilesWith({ '2KiB-test': 5 }, base.params.profiles),
    ...given,
  }
  // A round a millisecond, so that each epoch has its own and it is public when the block before is there.
  const genesis = { ...base, params, beacon: { ...base.beacon, periodMs: 1 } }
  const state = createMemoryState()
  const events: ChainEvent[] = []
  let store = createOverlay(state)
  let previousTimeMs = 0

  function commit(): void {
    state.commit(store.writes())
    store = createOverlay(state)
  }
  function deliver(epoch: number, entropy: number): void {
    const record = tables.epochs.get(store, epoch)
    if (record === undefined) return
    tables.rounds.put(store, record.round, { signature: new Uint8Array(48).fill(entropy) })
  }

  tables.totals.put(store, {
    genesis: 0n,
    minted: 0n,
    burnt: 0n,
    balances: 0n,
    escrow: 0n,
    collateralFree: 0n,
    collateralLocked: 0n,
    vesting: 0n,
    bonds: 0n,
  })
  initRewards(store)
  writeGenesis(store, genesis)
  initSlots(store, params)
  writeProvider(store, PROVIDER, {
    owner: NOBODY,
    payout: NOBODY,
    sessionKey: new Uint8Array(0),
    endpoints: [],
    peerId: '',
    region: '',
    name: '',
    registeredAt: 0,
    collateralFree: 0n,
    collateralLocked: 0n,
    dealBytes: 0n,
    debt: 0n,
  })
  commit()

  return {
    events,
    commit,
    deliver,
    begin: (height, { timeMs, entropy }) => {
      const emit = (event: ChainEvent): void => void events.push(event)
      const context: BlockContext = {
        store,
        genesis,
        genesisHash: `0x${'00'.repeat(32)}`,
        params,
        fees: params,
        checks: createChecks(),
        height,
        timeMs,
        emit,
      }
      earnEpoch(context)
      const round = beaconRoundFor(genesis, previousTimeMs)
      tables.epochs.put(store, height, { round, timeMs, provenMs: timeMs, rewardIndex: rewardsOf(store).index })
      if (entropy !== undefined) deliver(height, entropy)
      previousTimeMs = timeMs
      return context
    },
  }
}

/** A sector as ProveCommitSector leaves it. @returns its partition */
export function addSector(
  context: BlockContext,
  { number, expiry, profile }: { number: number; expiry: number; profile: ProfileName },
): number {
  const { store, height } = context
  const commR = new Uint8Array(32).fill(number)
  const partition = reservePlace(context, PROVIDER, profile)
  const position = takePlace(context, PROVIDER, partition, { commR, expiry, number, pay: 0n })
  tables.sectors.put(store, PROVIDER, number, {
    status: 'active',
    profile,
    commD: commR,
    commR,
    ticketEpoch: 0,
    preCommitEpoch: 0,
    commitBy: 0,
    expiry,
    deals: [],
    deposit: 0n,
    pledge: 0n,
    pay: 0n,
    reservation: undefined,
    dealsEnd: 0,
    placement: { partition, position, activatedAt: height, since: height, listedAt: height, faultedEpochs: 0 },
    stopped: undefined,
  })
  return partition
}
