/** An upload that can be looked at, begun, waited for and ended: `put` is `upload(…).done()`, `quote` one that is not begun. */
import { reporter } from '@granary/base'
import type { UploadState } from '../journal/upload-state.ts'
import type { Ports, Source } from '../ports.ts'
import {
  BYTES_HINT,
  type Content,
  type ContentSource,
  contentSource,
  isContent,
  SourceInvalidError,
} from '../sources/content-source.ts'
import { checkOptions } from './check-options.ts'
import { createEventQueue } from './event-queue.ts'
import { type Prepared, prepareUpload } from './prepare-upload.ts'
import { type PutOptions, putPrepared } from './put-prepared.ts'
import type { PutProgress } from './put-progress.ts'
import type { PutResult } from './put-result.ts'
import type { UploadQuote } from './upload-quote.ts'

/**
 * Iterated over, it tells what happens: what is not read in time is dropped, the last is always told. What has been begun
 * is gone on with by the next upload of the same content.
 */
export interface Upload extends AsyncIterable<PutProgress>, AsyncDisposable {
  /** Reads the source and says who would store it for how much; nothing is spent. */
  quote(): Promise<UploadQuote>
  /** Begins, if nobody has; `done` says how it ends. */
  start(): void
  /** Begins, if nobody has, and resolves when it is done. */
  done(): Promise<PutResult>
  /** Ends it: what is in the journal by then is kept. */
  abort(reason?: unknown): void
  /** What has been done so far, as the journal has it; undefined before the source is read. */
  checkpoint(): UploadState | undefined
}

export function upload<S extends Source>(
  ports: Ports<S | ContentSource>,
  given: S | ContentSource | Content,
  options: PutOptions = {},
): Upload {
  const source = isContent(given) ? contentSource(given) : given
  if (source?.name === undefined) throw new SourceInvalidError('content', 'it is no bytes and no stream', BYTES_HINT)
  const stop = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal
  const events = createEventQueue<PutProgress>()
  const tell = reporter(options.onProgress)
  const report = (progress: PutProgress): void => {
    events.push(progress)
    tell(progress)
  }
  let found: Prepared | undefined
  let preparing: Promise<Prepared> | undefined
  let finishing: Promise<PutResult> | undefined

  const prepare = async (): Promise<Prepared> => {
    await checkOptions(options)
    found = await prepareUpload(ports, source, { ...options, signal, report })
    if (found.quote.slots.length > 0) report({ type: 'planned', ...found.quote })
    return found
  }
  const prepared = (): Promise<Prepared> => {
    preparing ??= prepare()
    return preparing
  }
  const finish = async (): Promise<PutResult> => {
    try {
      await using ready = await prepared()
      return await putPrepared(ports, ready, { ...options, signal, onProgress: report })
    } finally {
      events.end()
    }
  }
  const done = (): Promise<PutResult> => {
    finishing ??= finish()
    return finishing
  }
  return {
    quote: async () => (await prepared()).quote,
    done,
    start() {
      // Its failure is for who asks how it ended.
      done().catch(() => undefined)
    },
    abort(reason) {
      stop.abort(reason)
      if (finishing === undefined) events.end()
    },
    checkpoint: () => found?.log.state,
    [Symbol.asyncIterator]: () => events[Symbol.asyncIterator](),
    async [Symbol.asyncDispose]() {
      stop.abort()
      await finishing?.catch(() => undefined)
      const ready = await preparing?.catch(() => undefined)
      await ready?.[Symbol.asyncDispose]()
      events.end()
    },
  }
}
