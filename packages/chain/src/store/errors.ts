/** What can be wrong with the folder or the database of a node. */
import { GranaryError } from '@granary/errors'

/** HOME_LOCKED: another process has this folder. */
export class HomeLockedError extends GranaryError {
  constructor(folder: string, cause?: unknown) {
    super({
      code: 'HOME_LOCKED',
      message: `${folder} is in use by another process`,
      hint: 'stop the node that runs there, or give this one a folder of its own with --home',
      retryable: false,
      details: { folder },
      cause,
    })
  }
}

/** STORE_VERSION_UNKNOWN: written by another version of this program. */
export class StoreVersionError extends GranaryError {
  constructor(path: string, found: number, known: number) {
    super({
      code: 'STORE_VERSION_UNKNOWN',
      message: `${path} has schema version ${found}, this program knows ${known}`,
      hint: 'run the version of granary that wrote it',
      retryable: false,
      details: { path, found, known },
    })
  }
}

/** STORE_CORRUPT: what is on the disk is not what a node wrote. */
export class StoreCorruptError extends GranaryError {
  constructor(path: string, reason: string, cause?: unknown) {
    super({
      code: 'STORE_CORRUPT',
      message: `${path}: ${reason}`,
      hint: 'restore the folder from a backup, or start from an empty folder',
      retryable: false,
      details: { path },
      cause,
    })
  }
}
