/** A log over the place that its text is kept in: the state, and each event written before it counts. */

import { beginLog, EVENTS_MAX, extendLog, type LogEnd } from './upload-log.ts'
import { apply, type UploadEvent, type UploadState } from './upload-state.ts'

/** The events of one upload. */
export interface UploadLog extends AsyncDisposable {
  /** What all events have come to; undefined before the first. */
  readonly state: UploadState | undefined
  /**
   * Resolves when the event survives a kill and a power cut; until then it is not in the state. Events stand in the order of
   * the calls.
   */
  append(event: UploadEvent): Promise<void>
}

/** Each resolves when what was written survives a kill. */
export interface LogPlace {
  /** In place of all that is there: whole, or not at all. */
  replace(text: string): Promise<void>
  append(text: string): Promise<void>
  close(): Promise<void>
}

/** @param found what is there: the end of a log, or the state of a record that no log was begun for yet */
export function createUploadLog(
  place: LogPlace,
  found: LogEnd | { readonly state: UploadState } | undefined,
): UploadLog {
  let state = found?.state
  let end = found !== undefined && 'checksum' in found ? found : undefined
  let writing: Promise<void> = Promise.resolve()
  const write = async (event: UploadEvent): Promise<void> => {
    if (end === undefined || event.type === 'opened' || end.events >= EVENTS_MAX) {
      const begun = beginLog(apply(state, event))
      await place.replace(begun.text)
      end = begun.end
    } else {
      const extended = extendLog(end, event)
      await place.append(extended.text)
      end = extended.end
    }
    state = end.state
  }
  return {
    get state() {
      return state
    },
    append(event) {
      // After a write that failed nobody knows what is there: all that follow fail as it did.
      writing = writing.then(() => write(event))
      return writing
    },
    [Symbol.asyncDispose]: async () => {
      await writing.catch(() => undefined)
      await place.close()
    },
  }
}
