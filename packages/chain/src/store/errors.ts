/** What can be wrong with the folder or the database of a node. */
import { basename, dirname } from 'node:path'
import { GranaryError } from '@granary/base'

/** HOME_LOCKED: another process has this folder. */
export class HomeLockedError extends GranaryError {
  constructor(folder: string, cause?: unknown) {
    super({
      code: 'HOME_LOCKED',
      message: `${folder} is in use by another process`,
      hint: 'stop the node that runs there, or give this one a folder of its own with --home',
      details: { folder },
      cause,
    })
  }
}

/** STORE_VERSION_UNKNOWN: written by another version of this program. */
export class StoreVersionError extends GranaryError {
  constructor(path: string, found: number, known: number) {
    const home = homeOf(path)
    super({
      code: 'STORE_VERSION_UNKNOWN',
      message: `the chain in ${home} was written by ${found < known ? 'an earlier' : 'a later'} release of granary: its file has schema version ${found}, this one knows ${known}`,
      hint: `run the release that wrote it, or make a new chain in a folder of its own: \`granary chain init\` or \`granary devnet\` with --home`,
      details: { home, path, found, known },
    })
  }
}

/** STORE_CORRUPT: what is on the disk is not what a node wrote. */
export class StoreCorruptError extends GranaryError {
  constructor(path: string, reason: string, cause?: unknown) {
    super({
      code: 'STORE_CORRUPT',
      message: `${path}: ${reason}`,
      hint: `nothing was changed. Move it and, if it is there, ${basename(path)}-wal beside it to another folder; then \`granary chain import SNAPSHOT --home ${homeOf(path)}\` starts the chain from a file of \`granary chain export\`, of this node or another one`,
      details: { path },
      cause,
    })
  }
}

/** DISK_FULL: no block can be written. */
export class DiskFullError extends GranaryError {
  constructor(path: string, cause: unknown) {
    super({
      code: 'DISK_FULL',
      message: `the disk of ${path} is full`,
      hint: 'make room on it, then start again: all blocks that were made are there',
      details: { path },
      cause,
    })
  }
}

/** The folder that --home names. */
function homeOf(path: string): string {
  const folder = dirname(path)
  return basename(folder) === 'chain' ? dirname(folder) : folder
}
