/** What the votes over a proposal say. docs/spec/governance.md. */
import type { Address } from '@granary/protocol/messages'
import type { Ballot, Proposal } from '@granary/protocol/records'

export interface Tally {
  readonly yes: bigint
  readonly no: bigint
  readonly abstain: bigint
}

/**
 * A ballot counts with the power that its owner had when the proposal was submitted, and has still: what was bonded since has no
 * vote, and what leaves takes its vote along.
 */
export function tallyOf(
  ballots: Iterable<readonly [owner: Address, ballot: Ballot]>,
  now: ReadonlyMap<Address, bigint>,
): Tally {
  const tally = { none: 0n, yes: 0n, no: 0n, abstain: 0n }
  for (const [owner, { power, choice }] of ballots) {
    const present = now.get(owner) ?? 0n
    tally[choice] += present < power ? present : power
  }
  const { yes, no, abstain } = tally
  return { yes, no, abstain }
}

/**
 * A third of all power has to vote, and more than two thirds of what says yes or no says yes; for an upgrade more than two thirds
 * of all power, since with fewer behind the new rules no block would follow.
 */
export function outcomeOf(
  { power, upgrade }: Pick<Proposal, 'power' | 'upgrade'>,
  { yes, no, abstain }: Tally,
): 'accepted' | 'quorum' | 'majority' {
  if (3n * (yes + no + abstain) < power) return 'quorum'
  const all = upgrade === undefined ? yes + no : power
  return 3n * yes > 2n * all ? 'accepted' : 'majority'
}
