/**
 * Everything that happens on the chain, for those who watch: plain JSON, amounts as decimal strings. The state machine emits
 * these, a node serves them, and who reads one switches on its `type`. Events are no part of the state.
 */
import * as z from 'zod/mini'
import { operatorEvents } from '#operator-events'
import { address, decimal, hash, natural } from '../json/forms.ts'
import { event } from './event.ts'

/** Why a fee is charged. */
const feeReason = z.enum(['FAULT_DECLARED', 'PROOF_MISSED', 'RECOVERY_MISSED', 'SECTOR_SKIPPED', 'TERMINATED'])
/** Why something earned is not minted. */
const forfeitReason = z.enum([...feeReason.options, 'OUT_OF_REACH'])
const terminationReason = z.enum(['REQUESTED', 'FAULT_TOO_OLD'])
export type FeeReason = z.infer<typeof feeReason>
export type ForfeitReason = z.infer<typeof forfeitReason>
export type TerminationReason = z.infer<typeof terminationReason>

const sector = { provider: natural, sector: natural }
const partition = { provider: natural, partition: natural }
const deal = { deal: natural, provider: natural, client: address }
const numbers = z.readonly(z.array(natural))
/** A challenge is named by the epoch of its draw. */
const challenge = { ...partition, epoch: natural }
const answer = { ...challenge, sectors: natural, bytes: natural }

export const chainEvent = z.discriminatedUnion('type', [
  event('transfer', { from: address, to: address, amount: decimal }),
  event('key:authorized', { account: address, publicKey: hash, expires: natural }),
  event('key:revoked', { account: address, publicKey: hash }),
  event('provider:registered', { provider: natural, owner: address, name: z.string() }),
  event('provider:updated', { provider: natural, owner: address, name: z.string() }),
  event('ask:set', { provider: natural, pricePerGiBEpoch: decimal, validUntil: natural }),
  event('collateral:deposited', { provider: natural, from: address, amount: decimal }),
  event('collateral:withdrawn', { provider: natural, to: address, amount: decimal }),
  event('deal:published', { ...deal, agreementId: hash, pieceCid: z.string(), epoch: natural, locked: decimal }),
  event('deal:active', { ...deal, sector: natural, epoch: natural, endsAt: natural }),
  event('deal:extended', { ...deal, epochs: natural, locked: decimal }),
  event('deal:paid', {
    ...deal,
    paid: decimal,
    burnt: decimal,
    refunded: decimal,
    provenEpochs: natural,
    faultedEpochs: natural,
    epoch: natural,
  }),
  /** `claim`: what the collateral may still pay, of a deal that was cancelled while its data was faulty. */
  event('deal:cancelled', { ...deal, epoch: natural, claim: z.exactOptional(decimal) }),
  event('deal:expired', { ...deal, epoch: natural, compensation: decimal }),
  event('deal:lapsed', { ...deal, epoch: natural, refunded: decimal }),
  event('deal:terminated', { ...deal, epoch: natural, refunded: decimal, compensation: decimal }),
  event('sector:precommitted', { ...sector, epoch: natural, commitBy: natural, deals: numbers }),
  event('sector:proven', { ...sector, partition: natural, epoch: natural }),
  event('sector:extended', { ...sector, expiry: natural }),
  event('sector:expired', { ...sector, reason: z.enum(['NOT_PROVEN', 'EXPIRED']) }),
  event('sector:terminated', { ...sector, epoch: natural, reason: terminationReason }),
  event('challenge:opened', { ...challenge, deadline: natural }),
  z.discriminatedUnion('reason', [
    /** Nobody is challenged of that epoch: its round came too late. */
    event('challenge:void', { epoch: natural, reason: z.literal('BEACON_LATE') }),
    event('challenge:void', { ...challenge, reason: z.literal('CHAIN_SLOW') }),
  ]),
  event('post:accepted', answer),
  event('post:missed', challenge),
  /** What lies between was out of the answer's reach: it is neither paid nor minted. */
  event('span:unreached', { ...partition, from: natural, to: natural }),
  event('fault:declared', { ...challenge, sectors: numbers }),
  event('fault:skipped', { ...challenge, sectors: numbers }),
  event('recovery:requested', { ...challenge, sectors: natural }),
  event('recovery:opened', { ...challenge, deadline: natural }),
  event('recovery:accepted', answer),
  event('recovery:missed', challenge),
  event('provider:charged', { provider: natural, amount: decimal, reason: feeReason }),
  event('provider:repaid', { provider: natural, amount: decimal }),
  z.discriminatedUnion('stream', [
    event('reward:credited', { ...partition, stream: z.literal('capacity'), amount: decimal }),
    event('reward:credited', { provider: natural, deal: natural, stream: z.literal('service'), amount: decimal }),
  ]),
  event('reward:forfeited', { ...partition, amount: decimal, reason: forfeitReason }),
  event('reward:cut', { provider: natural, amount: decimal }),
  event('reward:released', { provider: natural, amount: decimal }),
  ...operatorEvents,
])

export type ChainEvent = Readonly<z.infer<typeof chainEvent>>
export type EventType = ChainEvent['type']
export type EventOf<T extends EventType> = Extract<ChainEvent, { type: T }>

/** What a node tells besides, behind all events of a block: that it is there. */
const blockEvent = z.object({ type: z.literal('block'), height: natural, timeMs: natural })

export const streamEvent = z.discriminatedUnion('type', [...chainEvent.def.options, blockEvent])
export type StreamEvent = Readonly<z.infer<typeof streamEvent>>
export type StreamType = StreamEvent['type']
