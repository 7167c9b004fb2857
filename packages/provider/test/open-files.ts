/** Which files this process has open, as Linux alone says. */
import { readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from '@jest/globals'

const isLinux = process.platform === 'linux'

/** A test that asks isOpen: elsewhere it is skipped, and its name says why. */
export function testOfOpenFiles(name: string, run: () => Promise<void>): void {
  if (isLinux) test(name, run)
  else test.skip(`${name} (skipped: only Linux says in /proc which files are open)`, run)
}

export async function isOpen(path: string): Promise<boolean> {
  const names = await readdir('/proc/self/fd')
  const open = await Promise.all(names.map((name) => readlink(join('/proc/self/fd', name)).catch(() => '')))
  return open.includes(path)
}
