/**
 * Messages of those who run the chain itself. No page sends or reads one, so `#operator-messages` is none of them where a page is
 * bundled: docs/adr/0102-what-validators-vote-on.md.
 */
import { submitProposal } from './submit-proposal.ts'
import { vote } from './vote.ts'

export type OperatorMessages = readonly [typeof submitProposal, typeof vote]

export const operatorMessages: OperatorMessages = [submitProposal, vote]
