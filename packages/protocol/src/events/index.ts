/** `@granary/protocol/events`: what happens on the chain and to a deal, declared once for who tells it and for who reads it. */
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
export {
  type TimelineEntry,
  type TimelineEntryJson,
  type TimelineEvent,
  type TimelineType,
  timelineEntry,
} from './deal-timeline.ts'
