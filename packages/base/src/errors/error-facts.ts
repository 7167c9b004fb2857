/** What the row of a code says. */
export interface OwnFacts {
  readonly fault: Fault
  /** Of the HTTP answer that it travels in. @default 422, or 503 when the error is retryable */
  readonly status?: number
  /** How the command line ends. @default 'network' where it is the other end's doing, else 'failed' */
  readonly exit?: 'usage' | 'partial' | 'funds' | 'network' | 'upgrade' | 'interrupted'
  /**
   * It ends without anybody giving up: the chain comes back, or an owner gives room or money. Who works for a deal waits.
   * An error that is not retryable though its code is has no end.
   */
  readonly outage?: true
  /** Only the answer is lost: what was asked for may have been done, and is asked for again. */
  readonly lost?: true
}

/** What is known of an error by its code alone. */
export interface ErrorFacts extends OwnFacts {
  /** The same call may succeed later, as it is: the code stands in a list of those that pass. @default false */
  readonly retryable?: boolean
}

/**
 * Whose doing it is, and so who can mend it: who asked; who runs the program that says so (its machine, configuration,
 * files, money); the program at the other end; nobody, since it passes; Granary itself, where it is a fault to report.
 */
export type Fault = 'caller' | 'operator' | 'peer' | 'nobody' | 'program'
