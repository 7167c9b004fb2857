/** What the owner of validators says to a proposal; until it ends another word takes the place of the one before. */
import { choice } from '../codec/field.ts'
import { proposalId } from '../codec/ids.ts'
import { message } from './message.ts'

export type VoteChoice = 'yes' | 'no' | 'abstain'

export const vote = message({
  name: 'Vote',
  kind: 26,
  scope: 'session',
  fields: {
    proposal: proposalId,
    choice: choice<VoteChoice>('yes', 'no', 'abstain'),
  },
})
