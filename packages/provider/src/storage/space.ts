/**
 * Room on the provider's disks. Every byte is counted before it is written: an open upload counts what has arrived, a deal
 * its unsealed piece and its share of the sealed sector.
 */
import { GranaryError } from '@granary/base'

export class NoSpaceError extends GranaryError {
  constructor(neededBytes: number, freeBytes: number) {
    super({
      code: 'NO_SPACE',
      message: `${neededBytes} bytes are needed, the provider has ${freeBytes} left`,
      hint: 'choose another provider, or try again when deals or uploads have ended',
      details: { neededBytes, freeBytes },
    })
  }
}

export interface Space {
  freeBytes(): number
  /** @throws NoSpaceError */
  require(neededBytes: number): void
  /** Keeps room on the disk for what `work` writes and removes again; the owner's capacity is not for that. @throws NoSpaceError */
  during<Result>(neededBytes: number, work: () => Promise<Result>): Promise<Result>
}

export interface SpaceOptions {
  /** What the disks have beside their reserves. */
  readonly diskFreeBytes: () => number
  /** What the owner rents out; undefined: as much as the disk has. */
  readonly capacityBytes: () => number | undefined
  /** What is promised already, what has arrived of open uploads included. */
  readonly promisedBytes: () => number
  /** The part of the promised bytes that is on the disk already. */
  readonly writtenBytes: () => number
}

/** Unsealed piece, replica, and a tree over the replica of the same size again. */
export function dealBytes(payloadSize: number, pieceSize: number): number {
  return payloadSize + 2 * pieceSize
}

export function createSpace(options: SpaceOptions): Space {
  let heldBytes = 0
  const onDisk = (promised: number): number => {
    const promisedNotWritten = Math.max(0, promised - options.writtenBytes())
    return options.diskFreeBytes() - promisedNotWritten - heldBytes
  }
  const freeBytes = (): number => {
    const promised = options.promisedBytes()
    const capacityBytes = options.capacityBytes()
    const inCapacity = capacityBytes === undefined ? Number.POSITIVE_INFINITY : capacityBytes - promised
    return Math.max(0, Math.min(onDisk(promised), inCapacity))
  }
  return {
    freeBytes,
    require: (neededBytes) => {
      const free = freeBytes()
      if (neededBytes > free) throw new NoSpaceError(neededBytes, free)
    },
    during: async (neededBytes, work) => {
      const free = Math.max(0, onDisk(options.promisedBytes()))
      if (neededBytes > free) throw new NoSpaceError(neededBytes, free)
      heldBytes += neededBytes
      try {
        return await work()
      } finally {
        heldBytes -= neededBytes
      }
    },
  }
}
