/** What each call takes: a signal that ends it. */
export interface CallOptions {
  /** Ends the call with the reason of the abort; what was begun is gone on with by the next call. */
  readonly signal?: AbortSignal | undefined
}
