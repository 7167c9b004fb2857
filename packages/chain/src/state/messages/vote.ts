/**
 * Vote: what an owner of validators says to a proposal, by all their power together. Until the votes are counted another word of
 * the same owner takes the place of the one before.
 *
 * Signed by the owner, or a session key with that scope.
 * Costs its fee.
 * Refuses a proposal that is not there (PROPOSAL_NOT_FOUND), one whose votes have been counted (VOTE_OVER), and who had no power when
 * it was submitted (NO_VOTING_POWER).
 */
import type { Effect } from '../store/context.ts'
import { TxError } from '../store/errors.ts'
import { tables } from '../store/tables.ts'

export const vote: Effect<'Vote'> = ({ store, sender, emit }, { proposal: id, choice }) => {
  const proposal = tables.proposals.get(store, id)
  if (proposal === undefined) {
    throw new TxError('PROPOSAL_NOT_FOUND', {
      message: `there is no proposal ${id}`,
      hint: '`granary chain proposal list` lists them',
    })
  }
  if (proposal.state !== 'voting') {
    throw new TxError('VOTE_OVER', {
      message: `the votes over proposal ${id} were counted in block ${proposal.endsAt}`,
      hint: '`granary chain proposal show` says what came of it',
      details: { endsAt: proposal.endsAt },
    })
  }
  const ballot = tables.ballots.get(store, id, sender)
  if (ballot === undefined) {
    throw new TxError('NO_VOTING_POWER', {
      message: `${sender} owned no validator that took part in block ${proposal.submittedAt}, when the proposal was submitted`,
      hint: 'vote with the account that owns the validator; who bonds later votes on the next proposal',
    })
  }
  tables.ballots.put(store, id, sender, { ...ballot, choice })
  emit({ type: 'proposal:voted', proposal: id, owner: sender, choice, power: String(ballot.power) })
}
