/** What can be asked of a node about validators, and its answers: by `ask` of the client, so that a page does not load it. */
import * as z from 'zod/mini'
import { address, decimal, hash, natural as number } from '../json/forms.ts'
import type { NodeOperation } from '../operation/operation.ts'
import { nothing, pageBehindKey } from './forms.ts'

const validator = z.object({
  publicKey: hash,
  owner: address,
  /** Without what is on its way back. */
  bond: decimal,
  /** Votes in the set that the chain runs with; 0: it is not in it. */
  power: number,
  jailed: z.enum(['no', 'silent', 'signed-twice']),
  /** The first epoch in which Unjail is taken; null where it never is, or there is nothing to come back from. */
  jailedUntil: z.nullable(number),
  /** Blocks of the present window that it has not voted for. */
  missed: number,
  /** Each comes back in that epoch at the earliest. */
  unbonding: z.readonly(z.array(z.object({ amount: decimal, since: number, releases: number }))),
})
export type ValidatorView = Readonly<z.output<typeof validator>>

export const validatorAnswer = z.object({ height: number, ...validator.shape })
export const validatorsAnswer = z.object({
  height: number,
  items: z.readonly(z.array(validator)),
  next: z.nullable(z.string()),
})

export const listValidators = {
  id: 'listValidators',
  method: 'get',
  path: '/v1/validators',
  params: nothing,
  query: z.strictObject(pageBehindKey),
  answer: validatorsAnswer,
} as const satisfies NodeOperation

export const getValidator = {
  id: 'getValidator',
  method: 'get',
  path: '/v1/validators/{publicKey}',
  params: z.strictObject({ publicKey: hash }),
  query: nothing,
  answer: validatorAnswer,
} as const satisfies NodeOperation
