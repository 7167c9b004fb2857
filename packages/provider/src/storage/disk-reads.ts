/**
 * Whether disks still read. What the system remembers of a disk it answers without it: names, sizes and small files of one that has
 * stopped reading are seen as ever, and only who reads what it holds hangs. So a few bytes of a replica are read past that memory.
 */
import { constants } from 'node:fs'
import { type FileHandle, open, opendir } from 'node:fs/promises'
import { join } from 'node:path'

export interface DiskReads {
  /** How long a read of that volume has been waited for, once that is too long; 0: it reads. */
  lateMs(volume: string): number
  /** A read that hangs is left to itself. */
  stop(): void
}

interface Reading {
  isUnderWay: boolean
  /** Turns of the event loop's own clock: one that stood still has not waited for the disk. */
  ticks: number
}

const TICK_MS = 1_000
const EVERY_TICKS = 10
/** A disk that slept, or was busy, has answered by then. */
const LATE_TICKS = 10

/** @param volumes their folders, as they are at this moment */
export function watchDiskReads(volumes: () => readonly string[], tickMs: number = TICK_MS): DiskReads {
  const readings = new Map<string, Reading>()

  function tick(): void {
    const named = volumes()
    for (const path of readings.keys()) if (!named.includes(path)) readings.delete(path)
    for (const path of named) {
      const reading = readings.get(path) ?? { isUnderWay: false, ticks: EVERY_TICKS - 1 }
      readings.set(path, reading)
      reading.ticks += 1
      if (!reading.isUnderWay && reading.ticks >= EVERY_TICKS) begin(path, reading)
    }
  }

  function begin(path: string, reading: Reading): void {
    Object.assign(reading, { isUnderWay: true, ticks: 0 })
    // What it cannot read so is told by others.
    void readPastMemory(path)
      .catch(() => {})
      .then(() => Object.assign(reading, { isUnderWay: false, ticks: 0 }))
  }

  const ticking = setInterval(tick, tickMs).unref()
  return {
    lateMs: (volume) => {
      const { isUnderWay, ticks } = readings.get(volume) ?? { isUnderWay: false, ticks: 0 }
      return isUnderWay && ticks >= LATE_TICKS ? ticks * TICK_MS : 0
    },
    stop: () => clearInterval(ticking),
  }
}

const BLOCK_BYTES = 4096
/** Where the memory of a buffer begins nobody says; a read past the system's memory wants it at a multiple of the disk's. */
const STEP_BYTES = 16
const NAMES_MAX = 64

/** Of a replica, anywhere in it; of the volume's record where there is none. */
async function readPastMemory(volume: string): Promise<void> {
  const sector = await someSector(join(volume, 'sectors'))
  const replica = sector === undefined ? undefined : await openDirect(join(volume, 'sectors', sector, 'replica'))
  // One that is being sealed has none yet.
  await using file = replica ?? (await openDirect(join(volume, 'volume.json')))
  if (file === undefined) return
  const { size } = await file.stat()
  const blocks = Math.max(1, Math.floor(size / BLOCK_BYTES))
  await readAligned(file, Math.floor(Math.random() * blocks) * BLOCK_BYTES)
}

async function openDirect(path: string): Promise<FileHandle | undefined> {
  return await open(path, constants.O_RDONLY | (constants.O_DIRECT ?? 0)).catch(() => undefined)
}

/** Any of the first: there may be hundreds of thousands. */
async function someSector(folder: string): Promise<string | undefined> {
  const names: string[] = []
  for await (const { name } of await opendir(folder)) {
    if (/^\d+$/.test(name)) names.push(name)
    if (names.length === NAMES_MAX) break
  }
  return names[Math.floor(Math.random() * names.length)]
}

async function readAligned(file: FileHandle, position: number): Promise<void> {
  const memory = new Uint8Array(2 * BLOCK_BYTES)
  for (let at = 0; at < BLOCK_BYTES; at += STEP_BYTES)
    try {
      await file.read(memory, at, BLOCK_BYTES, position)
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error
    }
}
