/**
 * Messages of those who run the chain itself, and of those who seal. No page sends or reads one, so `#operator-messages` is none of
 * them where a page is bundled: docs/adr/0102-what-validators-vote-on.md.
 */
import { bondValidator } from './bond-validator.ts'
import { preCommitSectors } from './pre-commit-sectors.ts'
import { proveCommitSector } from './prove-commit-sector.ts'
import { submitProposal } from './submit-proposal.ts'
import { unbondValidator } from './unbond-validator.ts'
import { unjail } from './unjail.ts'
import { vote } from './vote.ts'

export type SealingMessages = readonly [typeof preCommitSectors, typeof proveCommitSector]
export type OperatorMessages = readonly [
  typeof bondValidator,
  typeof unbondValidator,
  typeof unjail,
  typeof submitProposal,
  typeof vote,
]

export const sealingMessages: SealingMessages = [preCommitSectors, proveCommitSector]
export const operatorMessages: OperatorMessages = [bondValidator, unbondValidator, unjail, submitProposal, vote]
