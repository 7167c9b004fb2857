/** What a node asks of the committed state about those whose messages wait, and what of it a block has written. */
import type { Address, Epoch, PartitionNumber, ProviderId } from '@granary/protocol/messages'
import { keyNumber } from '@granary/protocol/records'
import { accountOf } from '../money/ledger.ts'
import type { StateReader } from '../store/store.ts'
import { tables } from '../store/tables.ts'

export interface Senders {
  balance(account: Address): bigint
  nextSequence(account: Address, lane: number): number
  /** What the key may still spend, and until when; undefined when the account has not authorised it. */
  key(account: Address, publicKey: string): KeyStanding | undefined
  /** Epochs of the challenges of a partition that are open. */
  openChallenges(provider: ProviderId, partition: PartitionNumber): readonly Epoch[]
}

export interface KeyStanding {
  readonly left: bigint
  readonly expires: Epoch
  readonly scopes: readonly string[]
}

export interface Touched {
  readonly accounts: readonly Address[]
  readonly lanes: readonly { readonly account: Address; readonly lane: number }[]
  readonly keys: readonly { readonly account: Address; readonly publicKey: string }[]
  readonly partitions: readonly { readonly provider: ProviderId; readonly partition: PartitionNumber }[]
}

export function sendersOf(reader: StateReader): Senders {
  return {
    balance: (account) => accountOf(reader, account).balance,
    nextSequence: (account, lane) => tables.lanes.get(reader, account, lane)?.next ?? 0,
    key: (account, publicKey) => {
      const key = tables.sessionKeys.get(reader, account, publicKey)
      if (key === undefined) return undefined
      const { spendingLimit, spent, expires, scopes } = key
      return { left: spendingLimit - spent, expires, scopes }
    },
    openChallenges: (provider, partition) => {
      const record = tables.partitions.get(reader, provider, partition)
      return [record?.challenge, record?.recovery].flatMap((open) => open?.epoch ?? [])
    },
  }
}

/** @param writes of a block */
export function touchedBy(writes: Iterable<string>): Touched {
  const touched = { accounts: [], lanes: [], keys: [], partitions: [] } as {
    -readonly [K in keyof Touched]: Touched[K][number][]
  }
  for (const write of writes) {
    const [name, first = '', second = ''] = write.split('/')
    if (name === tables.accounts.name) touched.accounts.push(first as Address)
    else if (name === tables.lanes.name) touched.lanes.push({ account: first as Address, lane: keyNumber(second) })
    else if (name === tables.sessionKeys.name) touched.keys.push({ account: first as Address, publicKey: second })
    else if (name === tables.partitions.name) {
      touched.partitions.push({ provider: keyNumber(first), partition: keyNumber(second) })
    }
  }
  return touched
}
