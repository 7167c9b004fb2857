/** What can be asked of a node about votes and upgrades. A page loads none of it. docs/spec/governance.md. */
import * as z from 'zod/mini'
import { address, decimal, natural } from '../json/forms.ts'
import type { NodeOperation } from '../operation/operation.ts'
import { height, pageOf } from './answers.ts'
import { natural as naturalText, nothing, page } from './forms.ts'

const upgrade = z.object({
  /** The first block that needs the rules. */
  height: natural,
  rules: natural,
  release: z.string(),
})

const governedParam = z.object({ name: z.string(), value: decimal, min: decimal, max: decimal, why: z.string() })

export const governanceAnswer = z.object({
  ...height,
  /** The number of the rules that the next block is made by. */
  rules: natural,
  /** The newest that this node knows. */
  rulesKnown: natural,
  upgrade: z.nullable(upgrade),
  /** Epochs. */
  period: natural,
  delay: natural,
  deposit: decimal,
  params: z.readonly(z.array(governedParam)),
})
export type GovernanceView = Readonly<z.output<typeof governanceAnswer>>

const proposal = z.object({
  id: natural,
  proposer: address,
  title: z.string(),
  link: z.string(),
  steps: z.readonly(z.array(z.object({ name: z.string(), from: decimal, to: decimal }))),
  upgrade: z.nullable(upgrade),
  deposit: decimal,
  submittedAt: natural,
  endsAt: natural,
  executesAt: natural,
  power: decimal,
  /** As far as they are cast, and by the power of now while votes are taken. */
  yes: decimal,
  no: decimal,
  abstain: decimal,
  state: z.enum(['voting', 'accepted', 'rejected', 'done', 'failed']),
  end: z.enum(['none', 'quorum', 'majority', 'changed', 'bounds', 'planned']),
})
export type ProposalView = Readonly<z.output<typeof proposal>>

export const proposalsAnswer = pageOf(proposal)

export const proposalAnswer = z.object({
  ...height,
  ...proposal.shape,
  /** While votes are taken. */
  ballots: z.readonly(
    z.array(z.object({ owner: address, power: decimal, choice: z.enum(['none', 'yes', 'no', 'abstain']) })),
  ),
})
export type ProposalDetails = Readonly<z.output<typeof proposalAnswer>>

export const getGovernance = {
  id: 'getGovernance',
  method: 'get',
  path: '/v1/governance',
  params: nothing,
  query: nothing,
  answer: governanceAnswer,
} as const satisfies NodeOperation

export const listProposals = {
  id: 'listProposals',
  method: 'get',
  path: '/v1/proposals',
  params: nothing,
  query: z.strictObject(page),
  answer: proposalsAnswer,
} as const satisfies NodeOperation

export const getProposal = {
  id: 'getProposal',
  method: 'get',
  path: '/v1/proposals/{id}',
  params: z.strictObject({ id: naturalText }),
  query: nothing,
  answer: proposalAnswer,
} as const satisfies NodeOperation
