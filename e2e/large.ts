/** What a large put is made of: a file of many pieces, a folder of many files, and what a process had in memory at most. */
import { createCipheriv, createHash } from 'node:crypto'
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Running } from './harness.ts'

const MIB = 1 << 20

/** Bytes that no two pieces share, the same in every run. */
export function largeFile(path: string, bytes: number): string {
  const file = openSync(path, 'wx')
  const stream = createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16))
  const zeros = Buffer.alloc(MIB)
  for (let at = 0; at < bytes; at += MIB) writeSync(file, stream.update(zeros.subarray(0, Math.min(MIB, bytes - at))))
  closeSync(file)
  return path
}

/** Files in folders of a hundred, of sizes from nothing to a few KiB. */
export function largeFolder(path: string, files: number): string {
  for (let n = 0; n < files; n += 1) {
    const folder = join(path, `part ${Math.floor(n / 100)}`)
    if (n % 100 === 0) mkdirSync(folder, { recursive: true })
    const word = createHash('sha256').update(`${n}`).digest()
    writeFileSync(join(folder, `file ${n}`), Buffer.alloc((n * 37) % 6_000, word))
  }
  return path
}

/** Of as many different blocks as a full one has, and hardly a byte on the disk. */
export function sparseFile(path: string, bytes: number): string {
  const file = openSync(path, 'wx')
  ftruncateSync(file, bytes)
  for (let at = 0; at < bytes; at += MIB) writeSync(file, `${at}`, at)
  closeSync(file)
  return path
}

/** One digest of all that is in a folder, names and bytes. */
export function digestOf(path: string): string {
  const hash = createHash('sha256')
  const names = readdirSync(path, { recursive: true, withFileTypes: true })
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  for (const file of files.sort())
    hash
      .update(`${file.slice(path.length)}\0`)
      .update(readFileSync(file))
      .update('\0')
  return hash.digest('hex')
}

export interface MemoryWatch {
  /** The most that was resident so far, as the system counts it. */
  readonly peakBytes: () => number
}

const LOOK_MS = 100

/** The peak survives in /proc only as long as the process: it is looked at until the end. */
export function watchMemory({ process: child, finished }: Running): MemoryWatch {
  let peakBytes = 0
  const look = (): void => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
      peakBytes = Math.max(peakBytes, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024)
    } catch {
      // It has ended.
    }
  }
  const timer = setInterval(look, LOOK_MS)
  void finished.then(() => clearInterval(timer))
  return { peakBytes: () => peakBytes }
}
