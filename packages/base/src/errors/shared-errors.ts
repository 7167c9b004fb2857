/** Codes that several programs give. */

export const passingSharedErrors = {
  /** The address sends more requests a minute than it may. */
  RATE_LIMITED: { fault: 'caller', status: 429, outage: true },
  /** The address sends more bytes a minute than it may. */
  BYTES_LIMITED: { fault: 'caller', status: 429, outage: true },
  /** The address has as much open at once as it may. */
  ADDRESS_BUSY: { fault: 'caller', status: 429, outage: true },
  /** The program failed to answer by a fault of its own; its log says more. */
  INTERNAL: { fault: 'program', status: 500 },
  /** The disk is full. */
  DISK_FULL: { fault: 'operator', outage: true },
} as const

export const sharedErrors = {
  /** A request does not have the documented form. */
  REQUEST_INVALID: { fault: 'caller', status: 400 },
  /** A field of a message, terms, a quote or a login does not have its form. */
  MESSAGE_INVALID: { fault: 'caller', status: 400, exit: 'usage' },
  /** Nothing is served at this path, or the content has no such path. */
  PATH_NOT_FOUND: { fault: 'caller', status: 404 },
  /** Bodies are taken as they are, not compressed. */
  CONTENT_ENCODING_UNSUPPORTED: { fault: 'caller', status: 415 },
  /** The body of a request has a type that is not taken. */
  CONTENT_TYPE_UNSUPPORTED: { fault: 'caller', status: 415 },
  /** Another program listens on the port. */
  PORT_IN_USE: { fault: 'operator' },
  /** The user may not listen on the port. */
  PORT_FORBIDDEN: { fault: 'operator' },
  /** The host to listen on is not an address of this machine. */
  HOST_INVALID: { fault: 'operator' },
  /** There is something in the folder already, and it is kept. */
  HOME_EXISTS: { fault: 'operator' },
  /** The folder holds no home of this program yet. */
  HOME_MISSING: { fault: 'operator' },
  /** A folder is needed where none can be made, or where there is something else. */
  FOLDER_UNUSABLE: { fault: 'operator' },
  /** Another process has the folder. */
  HOME_LOCKED: { fault: 'operator' },
  /** There is something at the place to write to already. */
  OUT_EXISTS: { fault: 'caller' },
  /** A file cannot be read. */
  FILE_UNREADABLE: { fault: 'caller' },
  /** The folder holds another sector than the one asked for. */
  SECTOR_DIR_MISMATCH: { fault: 'operator' },
  /** A key of the account is there already, and is kept. */
  KEYSTORE_EXISTS: { fault: 'operator', exit: 'funds' },
  /** A key file does not have the documented form. */
  KEYSTORE_INVALID: { fault: 'operator', exit: 'funds' },
  /** There is no key file. */
  KEYSTORE_MISSING: { fault: 'operator', exit: 'funds' },
  /** The passphrase does not open the key file. */
  PASSPHRASE_WRONG: { fault: 'operator', exit: 'funds' },
} as const
