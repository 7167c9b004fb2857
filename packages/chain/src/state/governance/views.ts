/** What is voted on, as JSON for the RPC. */
import type { GovernanceView, ProposalDetails, ProposalView } from '@granary/protocol/chain-api'
import type { ProposalId } from '@granary/protocol/messages'
import { keyNumber, type Proposal } from '@granary/protocol/records'
import { readGenesis, readParams } from '../store/head.ts'
import type { StateReader } from '../store/store.ts'
import { tables } from '../store/tables.ts'
import { tallyOf } from './count-votes.ts'
import { governedParams, isGoverned, paramValue } from './governed-params.ts'
import { ballotsOf } from './proposals.ts'
import { rulesOf } from './rules-version.ts'
import { votersOf } from './voters.ts'
import { votingTerms } from './voting-terms.ts'

type WithoutHeight<T> = Omit<T, 'height'>

export function governanceView(reader: StateReader, rulesKnown: number): WithoutHeight<GovernanceView> {
  const params = readParams(reader)
  const { version, upgrade = null } = rulesOf(reader)
  const { period, delay, deposit } = votingTerms(readGenesis(reader))
  const governed = Object.entries(governedParams).flatMap(([name, { bound, why }]) => {
    if (!isGoverned(name)) return []
    const { min, max } = bound(params)
    return [{ name, value: String(paramValue(params, name)), min: String(min), max: String(max), why }]
  })
  return { rules: version, rulesKnown, upgrade, period, delay, deposit: String(deposit), params: governed }
}

/** In the order of their numbers, above `after`. */
export function proposalViews(reader: StateReader, after: ProposalId | undefined, limit: number): ProposalView[] {
  const views: ProposalView[] = []
  for (const { parts, value } of tables.proposals.entries(reader, [], after === undefined ? undefined : [after])) {
    if (views.length === limit) break
    views.push(viewOf(reader, keyNumber(parts[0]), value))
  }
  return views
}

export function proposalView(reader: StateReader, id: ProposalId): WithoutHeight<ProposalDetails> | undefined {
  const proposal = tables.proposals.get(reader, id)
  if (proposal === undefined) return undefined
  const ballots = ballotsOf(reader, id).map(([owner, { power, choice }]) => ({ owner, power: String(power), choice }))
  return { ...viewOf(reader, id, proposal), ballots }
}

function viewOf(reader: StateReader, id: ProposalId, proposal: Proposal): ProposalView {
  const { steps, upgrade = null, deposit, power, ...rest } = proposal
  const { yes, no, abstain } =
    proposal.state === 'voting' ? tallyOf(ballotsOf(reader, id), votersOf({ store: reader })) : proposal
  return {
    ...rest,
    id,
    steps: steps.map(({ name, from, to }) => ({ name, from: String(from), to: String(to) })),
    upgrade,
    deposit: String(deposit),
    power: String(power),
    yes: String(yes),
    no: String(no),
    abstain: String(abstain),
  }
}
