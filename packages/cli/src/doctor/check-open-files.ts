/** How many files this process may have open: each connection, each piece that is read and each sector that is proven is one. */
import { readFile } from 'node:fs/promises'
import type { Finding } from './finding.ts'

const OPEN_FILES_MIN = 4_096

/** @param limits: as Linux tells them; other systems do not */
export async function checkOpenFiles(limits = '/proc/self/limits'): Promise<Finding> {
  const check = 'files'
  const text = await readFile(limits, 'utf8').catch(() => '')
  const soft = /^Max open files\s+(\S+)/m.exec(text)?.[1]
  if (soft === undefined)
    return { check, state: 'skipped', says: 'this system does not tell how many files may be open' }
  const count = soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft)
  const says = `${soft} files may be open at a time`
  if (count >= OPEN_FILES_MIN) return { check, state: 'ok', says }
  const fix =
    'run it with more: LimitNOFILE=65536 in its unit of systemd, or `ulimit -n 65536` in the shell that starts it'
  return { check, state: 'note', says, fix }
}
