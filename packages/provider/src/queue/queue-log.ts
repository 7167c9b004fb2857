/** What the queue tells about itself: rare, and each worth a line in the daemon's log. */
export type QueueLog = (event: QueueLogEvent) => void

export type QueueLogEvent = { type: 'queue:error'; line: string; message: string }
