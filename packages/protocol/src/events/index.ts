/** `@granary/protocol/events`: what happens on the chain, declared once for who emits it and for who reads it. */
export {
  type ChainEvent,
  chainEvent,
  type EventOf,
  type EventType,
  type FeeReason,
  type ForfeitReason,
  type StreamEvent,
  type StreamType,
  streamEvent,
  type TerminationReason,
} from './chain-event.ts'
