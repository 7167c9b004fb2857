/** What is voted on, and by which rules the chain goes. docs/spec/governance.md. */
import { address, bigUint, choice, epochs, list, text, uint } from '../codec/field.ts'
import { type Struct, struct } from '../codec/struct.ts'
import type { Address, Epoch, ProposalId } from '../codec/types.ts'
import { CHANGES_MAX } from '../messages/submit-proposal.ts'
import type { VoteChoice } from '../messages/vote.ts'
import { amount, maybe, u48 } from './fields.ts'

/** What one parameter is, and is to be. */
export interface ParamStep {
  readonly name: string
  readonly from: bigint
  readonly to: bigint
}

export interface Upgrade {
  /** The first block that needs the rules. */
  readonly height: Epoch
  readonly rules: number
  readonly release: string
}

/** `accepted` waits for the block in which it is carried out; `failed` could not be carried out there any more. */
export type ProposalState = 'voting' | 'accepted' | 'rejected' | 'done' | 'failed'
/** Why it was rejected, or has failed. */
export type ProposalEnd = 'none' | 'quorum' | 'majority' | 'changed' | 'bounds' | 'planned'

export interface Proposal {
  readonly proposer: Address
  readonly title: string
  readonly link: string
  readonly steps: readonly ParamStep[]
  readonly upgrade: Upgrade | undefined
  /** Held until the votes are counted. */
  readonly deposit: bigint
  readonly submittedAt: Epoch
  /** The last block in which a vote counts. */
  readonly endsAt: Epoch
  /** In which it is carried out, if it is accepted. */
  readonly executesAt: Epoch
  /** Of all who may vote. */
  readonly power: bigint
  /** Once they are counted. */
  readonly yes: bigint
  readonly no: bigint
  readonly abstain: bigint
  readonly state: ProposalState
  readonly end: ProposalEnd
}

const paramStep: Struct<ParamStep> = struct<ParamStep>('ParamStep', { name: text(32), from: amount, to: amount })
const upgrade: Struct<Upgrade> = struct<Upgrade>('Upgrade', { height: epochs, rules: uint(32), release: text(64) })

export const proposalRecord: Struct<Proposal> = struct<Proposal>('Proposal', {
  proposer: address,
  title: text(128),
  link: text(256),
  steps: list(paramStep, { max: CHANGES_MAX }),
  upgrade: maybe(upgrade),
  deposit: amount,
  submittedAt: epochs,
  endsAt: epochs,
  executesAt: epochs,
  power: bigUint(64),
  yes: bigUint(64),
  no: bigUint(64),
  abstain: bigUint(64),
  state: choice('voting', 'accepted', 'rejected', 'done', 'failed'),
  end: choice('none', 'quorum', 'majority', 'changed', 'bounds', 'planned'),
})

/** What one owner may say to one proposal, with the power that it had when that was submitted. */
export interface Ballot {
  readonly power: bigint
  readonly choice: VoteChoice | 'none'
}

export const ballotRecord: Struct<Ballot> = struct<Ballot>('Ballot', {
  power: bigUint(64),
  choice: choice('none', 'yes', 'no', 'abstain'),
})

export interface OpenProposal {
  readonly proposal: ProposalId
}

export const openProposalRecord: Struct<OpenProposal> = struct<OpenProposal>('OpenProposal', { proposal: u48 })

/** By which rules blocks are made; there once a proposal was submitted. */
export interface Rules {
  readonly version: number
  readonly nextProposal: ProposalId
  /** That is decided, and has not come yet. */
  readonly upgrade: Upgrade | undefined
}

export const rulesRecord: Struct<Rules> = struct<Rules>('Rules', {
  version: uint(32),
  nextProposal: u48,
  upgrade: maybe(upgrade),
})
