/** Events that concern those who run the chain itself: a page passes over them, as over all that only a newer node knows. */
import * as z from 'zod/mini'
import { address, decimal, hash, natural } from '../json/forms.ts'
import { event } from './event.ts'

const proposal = { proposal: natural }
/** A validator is named by its key. */
const bond = { validator: hash, amount: decimal }

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
  event('validator:bonded', { ...bond, owner: address }),
  event('validator:unbonding', { ...bond, since: natural }),
  event('validator:released', { ...bond, to: address }),
  event('validator:jailed', { validator: hash, reason: z.enum(['silent', 'signed-twice']), until: natural }),
  event('validator:unjailed', { validator: hash }),
  event('validator:slashed', { ...bond, height: natural }),
  /** From the block after the next on; 0: not in the set. */
  event('validator:power', { validator: hash, power: natural }),
] as const
