/** A large state put into an empty file as a whole: accounts, deals and proven sectors, with the parameters of production. */

import { createOverlay, credit, debit, derivedRecords, type Store, tables } from '@granary/chain/internal'
import { createStateMachine, productionParams, type StateReader, type StateRecord } from '@granary/chain/state'
import { isDerived } from '@granary/protocol/header'
import { addressOf } from '@granary/protocol/messages'
import { seedMarket } from './seed-market.ts'
import type { TemporaryHome } from './temporary-home.ts'
import { addressAt, fakeHash } from './transfers-of.ts'

export interface StateSize {
  readonly accounts: number
  /** And as many deals. */
  readonly sectors: number
}

const BALANCE = 10n ** 15n
const BLOCK_TIME_MS = 5_000
const NOTHING = new Uint8Array(0)
const NO_STATE: StateReader = { get: () => undefined, range: () => [] }

export function seedState(store: Store, home: TemporaryHome, { accounts, sectors }: StateSize): void {
  const account = addressOf(home.faucetKey!)
  const genesis = { ...home.genesis, blockTimeMs: BLOCK_TIME_MS, params: productionParams(BLOCK_TIME_MS) }
  const overlay = createOverlay(NO_STATE)
  for (const [key, value] of createStateMachine({ reader: NO_STATE }).initChain(genesis).writes) {
    if (value !== null && !isDerived(key)) overlay.put(key, value)
  }
  const height = seedMarket(overlay, { genesis, beaconKey: home.beaconKey, account, sectors })
  // The books count it as one account's, before it is shared out among all.
  debit(overlay, account, BigInt(accounts) * BALANCE)
  credit(overlay, addressAt(0), BigInt(accounts) * BALANCE)
  tables.accounts.put(overlay, addressAt(0), { balance: BALANCE, escrow: 0n })
  const share = overlay.get(tables.accounts.key(addressAt(0)))!
  const records: StateRecord[] = []
  for (const [key, value] of overlay.writes()) if (value !== null) records.push([key, value])
  for (let index = 1; index < accounts; index += 1) records.push([tables.accounts.key(addressAt(index)), share])
  const block = {
    height,
    timeMs: genesis.timeMs + height * BLOCK_TIME_MS,
    hash: fakeHash(height),
    header: NOTHING,
    signature: NOTHING,
    appHash: fakeHash(height),
  }
  const restoration = store.restoration()
  restoration.add(everything(records))
  restoration.finish(block)
}

function* everything(records: readonly StateRecord[]): Generator<StateRecord> {
  yield* records
  yield* derivedRecords(records)
}
