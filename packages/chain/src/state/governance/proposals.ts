/**
 * Votes are counted at the end of the block in which they end, and what is accepted is carried out at the end of another that
 * was known from the beginning. docs/spec/governance.md.
 */
import type { Address, ProposalId } from '@granary/protocol/messages'
import {
  type Ballot,
  type ChainParams,
  type Genesis,
  keyNumber,
  type Proposal,
  type ProposalEnd,
} from '@granary/protocol/records'
import { burn, credit, takeEscrow } from '../money/ledger.ts'
import type { BlockContext } from '../store/context.ts'
import { InvariantError } from '../store/errors.ts'
import { readParams, writeParams } from '../store/head.ts'
import type { StateReader } from '../store/store.ts'
import { tables } from '../store/tables.ts'
import { outcomeOf, tallyOf } from './count-votes.ts'
import { isGoverned, paramValue, withParam } from './governed-params.ts'
import { faultOfParams, faultOfTimes } from './param-bounds.ts'
import { rulesOf } from './rules-version.ts'
import { votersOf } from './voters.ts'

/** Why these parameters cannot be those of the chain, in words. */
export function faultOfChange(params: ChainParams, { devnet, beacon }: Genesis): string | undefined {
  return faultOfParams(params) ?? (devnet ? undefined : faultOfTimes(params, beacon.periodMs))
}

export function ballotsOf(reader: StateReader, id: ProposalId): (readonly [owner: Address, ballot: Ballot])[] {
  return [...tables.ballots.entries(reader, [id])].map(({ parts, value }) => [parts[1] as Address, value])
}

/** To be called at the end of each block, behind all that goes by the parameters. */
export function closeDueProposals(context: BlockContext): void {
  const { store, height } = context
  for (const { parts } of [...tables.proposalsDue.entries(store, [height])]) {
    const id = keyNumber(parts[1])
    tables.proposalsDue.delete(store, height, id)
    const proposal = tables.proposals.get(store, id)
    if (proposal?.state === 'voting') count(context, id, proposal)
    else if (proposal?.state === 'accepted') carryOut(context, id, proposal)
    else throw new InvariantError(`proposal ${id} is due in block ${height} and is ${proposal?.state}`)
  }
}

function count(context: BlockContext, id: ProposalId, proposal: Proposal): void {
  const { store } = context
  const { proposer, deposit, executesAt } = proposal
  const ballots = ballotsOf(store, id)
  const tally = tallyOf(ballots, votersOf(context))
  const outcome = outcomeOf(proposal, tally)
  for (const [owner] of ballots) tables.ballots.delete(store, id, owner)
  tables.openProposals.delete(store, proposer)
  takeEscrow(store, proposer, deposit)
  // Whom nobody listened to has wasted everybody's time.
  if (outcome === 'quorum') burn(store, deposit)
  else credit(store, proposer, deposit)
  const counted = { ...proposal, ...tally, deposit: 0n }
  if (outcome === 'accepted') {
    tables.proposalsDue.put(store, executesAt, id, {})
    close(context, id, { ...counted, state: 'accepted' })
  } else close(context, id, { ...counted, state: 'rejected', end: outcome })
}

function carryOut(context: BlockContext, id: ProposalId, proposal: Proposal): void {
  const end = proposal.upgrade === undefined ? changeParams(context, proposal) : planUpgrade(context, proposal)
  close(context, id, { ...proposal, state: end === 'none' ? 'done' : 'failed', end })
}

/** What was voted on is the step from one value to another: where another vote has made the first one false, it is not made. */
function changeParams({ store, genesis }: BlockContext, { steps }: Proposal): ProposalEnd {
  let params = readParams(store)
  for (const { name, from, to } of steps) {
    if (!isGoverned(name) || paramValue(params, name) !== from) return 'changed'
    params = withParam(params, name, to)
  }
  if (faultOfChange(params, genesis) !== undefined) return 'bounds'
  writeParams(store, params)
  return 'none'
}

function planUpgrade({ store }: BlockContext, { upgrade }: Proposal): ProposalEnd {
  const rules = rulesOf(store)
  if (rules.upgrade !== undefined || rules.version + 1 !== upgrade!.rules) return 'planned'
  tables.rules.put(store, { ...rules, upgrade })
  return 'none'
}

function close({ store, emit }: BlockContext, id: ProposalId, proposal: Proposal): void {
  tables.proposals.put(store, id, proposal)
  emit({ type: 'proposal:closed', proposal: id, state: proposal.state, end: proposal.end })
}
