/** A disk of its own size that programs of a test run on, and that stays while they end and start again. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** A program may mount a file system that it alone sees, where the system lets users have namespaces. */
export const mountable: boolean =
  spawnSync('unshare', ['--user', '--map-root-user', '--mount', 'true']).status === 0 &&
  spawnSync('nsenter', ['--version']).status === 0

export interface SmallDisk {
  /** Where programs that are started under `under` see it. */
  readonly path: string
  /** Where everybody else does. */
  readonly outside: string
  readonly under: readonly string[]
  /** A folder where the disk is seen too, until it is taken off as a disk is pulled: what is open stays open. */
  mountAt(path: string): Unmountable
  remove(): Promise<void>
}

export interface Unmountable {
  unmount(): void
  mount(): void
}

export async function mountSmallDisk(path: string, mebibytes: number): Promise<SmallDisk> {
  mkdirSync(path)
  // It ends with its stdin, so with us; and the disk with it and the programs on it.
  const mount = `mount -t tmpfs -o size=${mebibytes}m tmpfs ${path} && echo mounted && exec cat`
  const holder = spawn('unshare', ['--user', '--map-root-user', '--mount', 'sh', '-c', mount], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await once(holder.stdout, 'data')
  const target = String(holder.pid)
  const under = ['nsenter', '--user', '--preserve-credentials', '--mount', '--target', target]
  return {
    path,
    outside: join('/proc', target, 'root', path),
    under,
    mountAt: (at) => {
      mkdirSync(at)
      const [command, ...args] = under as [string, ...string[]]
      const run = (words: readonly string[]): void => void execFileSync(command, [...args, ...words])
      const mount = (): void => run(['mount', '--bind', path, at])
      mount()
      return { mount, unmount: () => run(['umount', '--lazy', at]) }
    },
    remove: async () => {
      const exited = once(holder, 'exit')
      holder.stdin.end()
      await exited
    },
  }
}

const MIB = Buffer.alloc(2 ** 20)

/** Writes until nothing fits any more. */
export function fillDisk(path: string): void {
  const file = openSync(path, 'a')
  try {
    for (let bytes = MIB; bytes.length > 0; ) {
      try {
        writeSync(file, bytes)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
        bytes = bytes.subarray(0, Math.floor(bytes.length / 2))
      }
    }
  } finally {
    closeSync(file)
  }
}
