/** What happened, for those who watch: plain JSON, amounts as decimal strings. Events are no part of the state. */
export interface ChainEvent {
  readonly type: ChainEventType
  readonly [field: string]: string | number | boolean | readonly number[]
}

export type ChainEventType =
  | 'transfer'
  | 'key:authorized'
  | 'provider:registered'
  | 'ask:set'
  | 'collateral:deposited'
  | 'deal:published'
  | 'deal:active'
  | 'deal:paid'
  | 'deal:expired'
  | 'deal:lapsed'
  | 'sector:precommitted'
  | 'sector:proven'
  | 'sector:expired'
  | 'challenge:opened'
  | 'challenge:void'
  | 'post:accepted'
  | 'post:missed'
  | 'provider:charged'
  | 'fault:declared'
  | 'recovery:requested'
  | 'recovery:opened'
  | 'recovery:accepted'
  | 'recovery:missed'
  | 'sector:terminated'
  | 'sector:extended'
  | 'deal:terminated'
  | 'deal:cancelled'
  | 'deal:extended'
  | 'key:revoked'
  | 'provider:updated'
  | 'collateral:withdrawn'
