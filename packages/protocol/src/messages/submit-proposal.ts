/** What is put to the vote of the validators: other parameters, or rules that begin at a height. docs/spec/governance.md. */
import { bigUint, epochs, list, optional, text, uint } from '../codec/field.ts'
import { type Struct, struct } from '../codec/struct.ts'
import type { Epoch } from '../codec/types.ts'
import { type Message, message, SIGNATURE_UNITS } from './message.ts'

export interface ParamChange {
  readonly name: string
  readonly value: bigint
}

export interface ProposalContent {
  readonly title: string
  /** Where the reasons stand; none where it is empty. */
  readonly link: string
  /** None for an upgrade. */
  readonly changes: readonly ParamChange[]
  /** The first block that needs the new rules. */
  readonly upgradeAt?: Epoch
  /** Which rules begin there: one more than those that count. */
  readonly rules?: number
  /** The release that knows them, as an operator looks for it. */
  readonly release: string
}

export const CHANGES_MAX = 16

const paramChange: Struct<ParamChange> = struct<ParamChange>('ParamChange', { name: text(32), value: bigUint(128) })

export const submitProposal: Message<'SubmitProposal', ProposalContent> = message<'SubmitProposal', ProposalContent>({
  name: 'SubmitProposal',
  kind: 25,
  scope: 'session',
  units: { base: 4 * SIGNATURE_UNITS, perKiB: 0 },
  fields: {
    title: text(128),
    link: text(256),
    changes: list(paramChange, { max: CHANGES_MAX }),
    upgradeAt: optional(epochs, 0),
    rules: optional(uint(32), 0),
    release: text(64),
  },
})
