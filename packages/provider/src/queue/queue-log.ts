/** What the queue tells about itself: rare, and each worth a line in the daemon's log. */
export type QueueLog = (event: QueueLogEvent) => void

export type QueueLogEvent =
  | { type: 'queue:error'; line: string; message: string }
  /** Of a worker: its Redis is there again. */
  | { type: 'queue:back' }
  /** Of other machines, by their names; said when they are more or fewer than before. */
  | { type: 'queue:workers'; workers: readonly string[] }
  /** Of a worker on another machine. */
  | { type: 'worker:waiting'; message: string }
  | { type: 'worker:serving' | 'worker:resumed' | 'worker:left'; owner: string }
  | { type: 'worker:job'; owner: string; kind: string; id: string }
  | { type: 'worker:hindered'; owner: string; code: string; message: string; hint: string }
