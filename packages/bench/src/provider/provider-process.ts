/** The provider of a devnet as the system sees it: what it takes. Linux only. */
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** Linux counts in hundredths of a second, whatever its clock is. */
const TICK_MS = 10
/** After its start it makes tables of parents, for some minutes where sectors are large. */
const LOOK_MS = 5_000
const IDLE_MS = 250

/** The process of the devnet that is its provider. @throws where the system has no /proc */
export async function providerOf(devnet: number): Promise<number> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
    if (Number(/^PPid:\s*(\d+)/m.exec(status)?.[1]) !== devnet) continue
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0')
    if (words.includes('provider')) return pid
  }
  throw new Error(`process ${devnet} has no provider`)
}

/** Processor time of all of its threads until now. */
export async function takenMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  // The name, in brackets, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1]) * 1_024
}

/** Until what follows a start is over. */
export async function untilIdle(pid: number, signal: AbortSignal | undefined): Promise<void> {
  for (let before = await takenMs(pid); ; ) {
    await sleep(LOOK_MS, undefined, { signal })
    const now = await takenMs(pid)
    if (now - before < IDLE_MS) return
    before = now
  }
}
