/**
 * SubmitProposal: other parameters, or new rules from a height on, are put to the vote. Who may vote, and with which power, is
 * written down now; a deposit is held until the votes are counted.
 *
 * Signed by who owns a validator that takes part, or a session key with that scope: nobody else could get a vote.
 * Costs its fee; the deposit is burnt when fewer than a third vote.
 * Refuses an account without a vote (NO_VOTING_POWER), a second proposal at a time (PROPOSAL_OPEN), what says nothing or two things
 * at once, and an upgrade that no block could follow (PROPOSAL_INVALID); parameters that no vote changes, or not so far
 * (PARAM_NOT_CHANGEABLE); and who cannot pay the deposit (INSUFFICIENT_FUNDS).
 */
import type { ProposalContent } from '@granary/protocol/messages'
import type { ChainParams, ParamStep, Upgrade } from '@granary/protocol/records'
import { governedParams, isGoverned, paramValue, withParam } from '../governance/governed-params.ts'
import { faultOfChange } from '../governance/proposals.ts'
import { rulesOf } from '../governance/rules-version.ts'
import { votersOf } from '../governance/voters.ts'
import { upgradeAheadMax, votingTerms } from '../governance/voting-terms.ts'
import { lockEscrow } from '../money/ledger.ts'
import type { Claims } from '../store/claims.ts'
import type { Effect, TxContext } from '../store/context.ts'
import { TxError } from '../store/errors.ts'
import { tables } from '../store/tables.ts'

export const submitProposal: Effect<'SubmitProposal'> = (context, content) => {
  const { store, genesis, sender, height, emit } = context
  const voters = votersOf(context)
  if (!voters.has(sender)) {
    throw new TxError('NO_VOTING_POWER', {
      message: `${sender} owns no validator that takes part`,
      hint: 'ask the owner of a validator to submit it: without a third of their power no vote counts anyway',
    })
  }
  const open = tables.openProposals.get(store, sender)
  if (open !== undefined) {
    throw new TxError('PROPOSAL_OPEN', {
      message: `proposal ${open.proposal} of this account is being voted on`,
      hint: 'wait until its votes are counted: an account has one at a time',
      details: { proposal: open.proposal },
    })
  }
  const { period, delay, deposit } = votingTerms(genesis)
  const endsAt = height + period
  const executesAt = endsAt + delay
  const steps = stepsOf(context, content)
  const upgrade = upgradeOf(context, content, executesAt)
  if (steps.length > 0 === (upgrade !== undefined)) {
    throw invalid(
      'it names parameters or an upgrade, one of the two',
      'say what is to change, in one proposal for each of the two',
    )
  }
  lockEscrow(store, sender, deposit)
  const rules = rulesOf(store)
  const id = rules.nextProposal
  const { title, link } = content
  let power = 0n
  for (const [owner, each] of voters) {
    power += each
    tables.ballots.put(store, id, owner, { power: each, choice: 'none' })
  }
  tables.rules.put(store, { ...rules, nextProposal: id + 1 })
  tables.openProposals.put(store, sender, { proposal: id })
  tables.proposalsDue.put(store, endsAt, id, {})
  tables.proposals.put(store, id, {
    proposer: sender,
    title,
    link,
    steps,
    upgrade,
    deposit,
    submittedAt: height,
    endsAt,
    executesAt,
    power,
    yes: 0n,
    no: 0n,
    abstain: 0n,
    state: 'voting',
    end: 'none',
  })
  emit({ type: 'proposal:submitted', proposal: id, proposer: sender, endsAt, executesAt })
}

export const submitProposalClaims: Claims<'SubmitProposal'> = {
  outflow: ({ genesis }) => votingTerms(genesis).deposit,
}

function stepsOf({ params, genesis }: TxContext, { changes }: ProposalContent): readonly ParamStep[] {
  let next: ChainParams = params
  const steps = changes.map(({ name, value }): ParamStep => {
    const bound = isGoverned(name) ? governedParams[name]!.bound(params) : undefined
    if (bound === undefined || !isGoverned(name)) {
      throw notChangeable(`no vote changes ${name}`, `these can be changed: ${Object.keys(governedParams).join(', ')}`)
    }
    if (value < bound.min || value > bound.max)
      throw notChangeable(`${name} would be ${value}`, `it lies between ${bound.min} and ${bound.max}`)
    const from = paramValue(params, name)
    if (value === from) throw invalid(`${name} is ${value} already`, 'leave out what does not change')
    next = withParam(next, name, value)
    return { name, from, to: value }
  })
  if (new Set(steps.map(({ name }) => name)).size < steps.length)
    throw invalid('a parameter stands there twice', 'name each once, with the value that it is to have')
  const fault = steps.length === 0 ? undefined : faultOfChange(next, genesis)
  if (fault !== undefined) throw notChangeable(fault, 'choose values that fit each other: docs/spec/governance.md')
  return steps
}

function upgradeOf(
  { store, genesis, height }: TxContext,
  { upgradeAt, rules, release }: ProposalContent,
  executesAt: number,
): Upgrade | undefined {
  if (upgradeAt === undefined && rules === undefined && release === '') return undefined
  if (upgradeAt === undefined || rules === undefined)
    throw invalid(
      'an upgrade names a height and the rules that begin there',
      'name both, and the release that knows them',
    )
  const { version, upgrade } = rulesOf(store)
  if (rules !== version + 1)
    throw invalid(`rules ${rules} do not follow rules ${version}`, `name rules ${version + 1}, the next`)
  if (upgrade !== undefined)
    throw invalid(`an upgrade at block ${upgrade.height} is decided already`, 'submit it behind that one')
  if (upgradeAt <= executesAt)
    throw invalid(
      `block ${upgradeAt} may come before the upgrade is decided`,
      `name a height above ${executesAt}, with time for all operators to install the release`,
    )
  if (upgradeAt > height + upgradeAheadMax(genesis))
    throw invalid(
      `block ${upgradeAt} is more than 180 days ahead`,
      'name an earlier one: no other upgrade could come before it',
    )
  return { height: upgradeAt, rules, release }
}

function invalid(message: string, hint: string): TxError {
  return new TxError('PROPOSAL_INVALID', { message, hint })
}

function notChangeable(message: string, hint: string): TxError {
  return new TxError('PARAM_NOT_CHANGEABLE', { message, hint })
}
