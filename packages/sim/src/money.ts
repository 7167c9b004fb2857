/**
 * Who gained and lost what, from the events and fees of the chain. At the end each participant's flows must be exactly the
 * difference in what it owns, and all of them together the chain's own totals.
 */

import { accountView, dealView, providerView, recount, type StateReader, type TxResult } from '@granary/chain/state'
import type { ChainEvent, EventOf } from '@granary/protocol/events'
import type { Address } from '@granary/protocol/messages'

/** attoGRN, none of them negative. */
export interface Flows {
  /** Minted for proven power, and with what deals pay. */
  capacityReward: bigint
  serviceReward: bigint
  /** Paid by deals, the network's fee taken off. */
  dealIncome: bigint
  /** Paid to providers by one's deals, the network's fee taken off. */
  dealPayments: bigint
  /** Burnt of one's payments. */
  networkFees: bigint
  messageFees: bigint
  /** For faults, missed proofs and terminations. */
  penalties: bigint
  /** Of deals that lapsed or were terminated, what no client got; deposits of sectors that were not proven. */
  collateralBurnt: bigint
  compensationPaid: bigint
  compensationReceived: bigint
}

/** One purse: a provider with its owner's accounts, or a client. */
export interface Participant {
  readonly accounts: readonly Address[]
  readonly flows: Flows
  provider: number | undefined
}

export interface Books {
  /** @param accounts: as the genesis has funded them */
  join(accounts: readonly Address[]): Participant
  executed(sender: string, result: TxResult): void
  happened(event: ChainEvent): void
  /** What it owns on the chain: balances, what its deals and its provider have locked, what vests, less debts. */
  wealthOf(participant: Participant): bigint
  /** @throws Error when flows and states do not add up */
  check(): void
}

export interface BooksParts {
  readonly state: StateReader
  /** What a sector that is not proven in time loses. */
  readonly sectorDeposit: bigint
  /** For records that stay, beside the fees of messages: docs/spec/chain.md section 4. */
  readonly accountFee: bigint
}

export function createBooks({ state, sectorDeposit, accountFee }: BooksParts): Books {
  const participants: Participant[] = []
  const wealthAtStart = new Map<Participant, bigint>()
  const byAccount = new Map<string, Participant>()
  const byProvider = new Map<number, Participant>()
  const collateralOf = new Map<number, bigint>()

  const flowsOfAccount = (address: string): Flows => found(byAccount.get(address), address).flows
  const flowsOfProvider = (id: number): Flows => found(byProvider.get(id), id).flows

  function wealthOf({ accounts, provider }: Participant): bigint {
    const views = accounts.map((address) => accountView(state, address))
    const money = views.reduce((sum, { balance, locked }) => sum + BigInt(balance) + BigInt(locked), 0n)
    const view = provider === undefined ? undefined : providerView(state, provider)
    if (view === undefined) return money
    const { free, locked, debt } = view.collateral
    return money + BigInt(free) + BigInt(locked) - BigInt(debt) + vestingOf(view)
  }

  function compensate({ provider, client, compensation }: EventOf<'deal:terminated' | 'deal:expired'>): bigint {
    const amount = BigInt(compensation)
    flowsOfProvider(provider).compensationPaid += amount
    flowsOfAccount(client).compensationReceived += amount
    return amount
  }

  function burnCollateral({ provider, deal }: EventOf<'deal:terminated' | 'deal:lapsed'>, compensation: bigint): void {
    flowsOfProvider(provider).collateralBurnt += found(collateralOf.get(deal), deal) - compensation
  }

  return {
    wealthOf,
    join: (accounts) => {
      const participant: Participant = { accounts, flows: noFlows(), provider: undefined }
      participants.push(participant)
      for (const address of accounts) byAccount.set(address, participant)
      wealthAtStart.set(participant, wealthOf(participant))
      return participant
    },
    executed: (sender, { fee }) => {
      flowsOfAccount(sender).messageFees += fee
    },
    happened: (event) => {
      switch (event.type) {
        case 'provider:registered': {
          const participant = found(byAccount.get(event.owner), event.owner)
          participant.provider = event.provider
          byProvider.set(participant.provider, participant)
          participant.flows.messageFees += 10n * accountFee
          break
        }
        case 'deal:published':
          flowsOfAccount(event.client).messageFees += accountFee / 5n
          collateralOf.set(event.deal, BigInt(dealView(state, event.deal)!.terms.providerCollateral))
          break
        case 'deal:paid': {
          const client = flowsOfAccount(event.client)
          client.dealPayments += BigInt(event.paid)
          client.networkFees += BigInt(event.burnt)
          flowsOfProvider(event.provider).dealIncome += BigInt(event.paid)
          break
        }
        case 'deal:terminated':
          burnCollateral(event, compensate(event))
          break
        case 'deal:expired':
          compensate(event)
          break
        case 'deal:lapsed':
          burnCollateral(event, 0n)
          break
        case 'reward:credited': {
          const stream = event.stream === 'service' ? 'serviceReward' : 'capacityReward'
          flowsOfProvider(event.provider)[stream] += BigInt(event.amount)
          break
        }
        case 'reward:cut':
        case 'provider:charged':
          flowsOfProvider(event.provider).penalties += BigInt(event.amount)
          break
        case 'sector:expired':
          if (event.reason === 'NOT_PROVEN') flowsOfProvider(event.provider).collateralBurnt += sectorDeposit
          break
      }
    },
    check: () => {
      for (const participant of participants) {
        const difference = wealthOf(participant) - wealthAtStart.get(participant)!
        assertEqual(`the flows of ${participant.accounts[0]}`, gainOf(participant.flows), difference)
      }
      const totals = recount(state)
      const debts = participants.map(({ provider }) =>
        provider === undefined ? 0n : BigInt(providerView(state, provider)!.collateral.debt),
      )
      const burnt = sum(participants.map(({ flows }) => burntOf(flows))) - sum(debts)
      assertEqual('what all groups burnt', burnt, totals.burnt)
      assertEqual('what was minted for all', sum(participants.map(({ flows }) => mintedOf(flows))), totals.minted)
      assertEqual(
        'all that is owned',
        sum(participants.map(wealthOf)) + sum(debts),
        // Validators are no participants: what is bonded is theirs.
        totals.genesis + totals.minted - burnt - totals.bonds,
      )
    },
  }
}

/** By how much one is richer on the chain. */
export function gainOf(flows: Flows): bigint {
  const { dealIncome, dealPayments, compensationPaid, compensationReceived } = flows
  return mintedOf(flows) + dealIncome - dealPayments + compensationReceived - compensationPaid - burntOf(flows)
}

export function mintedOf({ capacityReward, serviceReward }: Flows): bigint {
  return capacityReward + serviceReward
}

/** With what could be released already. */
export function vestingOf({ vesting }: NonNullable<ReturnType<typeof providerView>>): bigint {
  return BigInt(vesting.locked) + BigInt(vesting.releasable)
}

export function burntOf({ networkFees, messageFees, penalties, collateralBurnt }: Flows): bigint {
  return networkFees + messageFees + penalties + collateralBurnt
}

export function noFlows(): Flows {
  return {
    capacityReward: 0n,
    serviceReward: 0n,
    dealIncome: 0n,
    dealPayments: 0n,
    networkFees: 0n,
    messageFees: 0n,
    penalties: 0n,
    collateralBurnt: 0n,
    compensationPaid: 0n,
    compensationReceived: 0n,
  }
}

export function addFlows(a: Flows, b: Flows): Flows {
  return Object.fromEntries(
    Object.entries(a).map(([name, value]) => [name, value + b[name as keyof Flows]]),
  ) as unknown as Flows
}

export function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n)
}

function found<T>(value: T | undefined, key: unknown): T {
  if (value === undefined) throw new Error(`the books know nothing of ${key}`)
  return value
}

function assertEqual(what: string, actual: bigint, expected: bigint): void {
  if (actual !== expected) throw new Error(`${what} add up to ${actual} attoGRN, the chain says ${expected}`)
}
