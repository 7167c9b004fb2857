/** Events that concern those who run the chain itself: a page passes over them, as over all that only a newer node knows. */
import * as z from 'zod/mini'
import { address, decimal, natural } from '../json/forms.ts'

const proposal = { proposal: natural }

export const operatorEvents = [
  z.object({
    type: z.literal('proposal:submitted'),
    ...proposal,
    proposer: address,
    endsAt: natural,
    executesAt: natural,
  }),
  z.object({
    type: z.literal('proposal:voted'),
    ...proposal,
    owner: address,
    choice: z.enum(['yes', 'no', 'abstain']),
    power: decimal,
  }),
  z.object({
    type: z.literal('proposal:closed'),
    ...proposal,
    state: z.enum(['voting', 'accepted', 'rejected', 'done', 'failed']),
    end: z.enum(['none', 'quorum', 'majority', 'changed', 'bounds', 'planned']),
  }),
  z.object({ type: z.literal('rules:changed'), rules: natural, release: z.string() }),
] as const
