/**
 * A message is declared once, in a file of its own: from the declaration come its type, its tuple on the wire, its EIP-712
 * struct, the checks of its form, what it costs, where it has room and who may sign it. What it does stands in the chain's
 * state/messages, in a file of the same name. docs/spec/chain.md section 2.
 */
import type { Field } from '../codec/field.ts'
import { type Struct, struct } from '../codec/struct.ts'

/** Which half of a block it has room in. */
export type TransactionClass = 'general' | 'proving'

/**
 * Who may sign it. `owner`: the account's own key alone, since a key must not be able to make itself stronger, or to say where
 * the money goes; `session`: a session key with its name among the scopes too; `daemon`: one that a provider is registered
 * with has it among its scopes, as its daemon signs it unattended.
 */
export type MessageScope = 'owner' | 'session' | 'daemon'

/** Units of verification (one is about 1 µs of one core): for each message, and for each KiB of it that has begun. */
export interface UnitCost {
  readonly base: number
  readonly perKiB: number
}

/** What all items of a block have, the beacon's entries too. */
export interface Item<N extends string, T> {
  readonly name: N
  /** The number on the wire; never used again for anything else. */
  readonly kind: number
  /** Of the whole transaction, in bytes. */
  readonly sizeMax: number
  readonly body: Struct<T>
}

/** What an account sends. */
export interface Message<N extends string, T> extends Item<N, T> {
  readonly class: TransactionClass
  readonly scope: MessageScope
  readonly units: UnitCost
}

export type BodyOf<M> = M extends Item<string, infer T> ? Readonly<T> : never

interface MessageParts<N extends string, T>
  extends Omit<Message<N, T>, 'body' | keyof typeof usual>,
    Partial<typeof usual> {
  /** In the order of the tuple. */
  readonly fields: { readonly [K in keyof T]-?: Field<T[K]> }
}

export const TX_BYTES_MAX: number = 64 * 2 ** 10
export const SIGNATURE_UNITS = 500

const usual: Pick<Message<string, object>, 'class' | 'sizeMax' | 'units'> = {
  class: 'general',
  sizeMax: TX_BYTES_MAX,
  units: { base: SIGNATURE_UNITS, perKiB: 0 },
}

/** A general one of up to 64 KiB that costs its signature, unless it says otherwise. */
export function message<N extends string, T extends object>({ fields, ...parts }: MessageParts<N, T>): Message<N, T> {
  return { ...usual, ...parts, body: struct(parts.name, fields) }
}
