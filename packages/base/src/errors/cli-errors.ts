/** What the command line says of itself, and the simulation that it runs. */

export const passingCliErrors = {
  /** The command was interrupted, and goes on where it was when it is given again. */
  INTERRUPTED: { fault: 'caller', exit: 'interrupted' },
} as const

export const cliErrors = {
  /** The arguments do not say what to do. */
  USAGE: { fault: 'caller', exit: 'usage' },
  /** The market to simulate is out of bounds. */
  SIM_OPTIONS_INVALID: { fault: 'caller', exit: 'usage' },
  /** A file with settings of the command line cannot be read, or holds what it may not. */
  SETTINGS_INVALID: { fault: 'caller', exit: 'usage' },
  /** There is no such setting. */
  SETTING_UNKNOWN: { fault: 'caller', exit: 'usage' },
  /** No network has that name, in a file or running here. */
  NETWORK_UNKNOWN: { fault: 'caller', exit: 'usage' },
  /** What is to be done costs more than was allowed. */
  PRICE_ABOVE_MAX: { fault: 'caller', exit: 'funds' },
  /** A standing order is to end before the deals that it would keep going. */
  ORDER_TOO_SHORT: { fault: 'caller', exit: 'usage' },
  /** What is to be a date or a duration is none. */
  TIME_INVALID: { fault: 'caller', exit: 'usage' },
  /** Money is to be spent, nobody can be asked, and nothing was said of it beforehand. */
  SPENDING_UNCONFIRMED: { fault: 'caller', exit: 'usage' },
  /** Who was asked does not want to spend it. */
  SPENDING_DECLINED: { fault: 'caller' },
  /** There is no passphrase for the key file. */
  PASSPHRASE_MISSING: { fault: 'operator', exit: 'funds' },
  /** Others can read the file that has the passphrase. */
  PASSPHRASE_EXPOSED: { fault: 'operator', exit: 'funds' },
  /** A process of the devnet failed. */
  CHILD_FAILED: { fault: 'program' },
  /** What came back is not what was stored. */
  BYTES_DIFFER: { fault: 'program' },
  /** Something failed that has no code. */
  UNEXPECTED: { fault: 'program' },
  /** The benchmarks are asked of an installed program, which has none. */
  BENCHMARKS_MISSING: { fault: 'caller' },
} as const
