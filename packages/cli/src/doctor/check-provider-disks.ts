/** Each disk of a provider: whether it is there, what it has left beside its reserve, how fast it is, and whether it is one twice. */
import { stat } from 'node:fs/promises'
import type { VolumeUsage } from '@granary/provider/operator'
import { formatBytes } from '../print/quantities.ts'
import { measureDisk } from '../provider-init/measure-machine.ts'
import type { Finding } from './finding.ts'

/** Below this the layers of a sector are waited for, not the processor. */
const SLOW_BYTES_PER_SECOND = 30 * 2 ** 20
/** It has to hold what the measurement writes. */
const MEASURE_MIN_BYTES = 256 * 2 ** 20

/** @param own: the folder of the home's own volume */
export async function checkProviderDisks(
  volumes: readonly VolumeUsage[],
  own: string,
  signal?: AbortSignal,
): Promise<Finding[]> {
  const findings: Finding[] = []
  const seen = new Map<number, string>()
  for (const volume of volumes) {
    const folder = volume.path === 'home' ? own : volume.path
    findings.push(await checkOne(volume, folder, signal))
    if (!volume.isThere) continue
    const { dev } = await stat(folder)
    const other = seen.get(dev)
    if (other !== undefined) findings.push(sameDisk(folder, other))
    seen.set(dev, folder)
  }
  return findings
}

async function checkOne(volume: VolumeUsage, folder: string, signal?: AbortSignal): Promise<Finding> {
  const check = 'disk'
  const { isThere, freeBytes, roles } = volume
  if (!isThere) {
    const says = `the volume ${folder} cannot be reached`
    const fix = `mount its disk; if it will not come back: granary provider volumes detach ${folder} --lost`
    return { check, state: 'wrong', says, fix, code: 'VOLUME_AWAY', details: { folder } }
  }
  const has = `${folder}: ${formatBytes(freeBytes)} for more, beside its reserve`
  if (freeBytes === 0 && roles.length > 0) {
    const fix =
      'make room on it, add another with `granary provider volumes add`, or let it take nothing more with `drain`'
    return { check, state: 'wrong', says: has, fix, code: 'DISK_FULL', details: { folder, freeBytes } }
  }
  if (freeBytes < MEASURE_MIN_BYTES) return { check, state: 'ok', says: has, details: { folder, freeBytes } }
  const bytesPerSecond = Math.round(await measureDisk(folder, signal))
  const says = `${has}; ${formatBytes(bytesPerSecond)} a second written`
  const details = { folder, freeBytes, bytesPerSecond }
  if (bytesPerSecond >= SLOW_BYTES_PER_SECOND) return { check, state: 'ok', says, details }
  const fix =
    'sealing waits for it: let another disk take that, with `granary provider volumes add home --roles replicas,unsealed`'
  return { check, state: 'note', says, fix, details }
}

function sameDisk(folder: string, other: string): Finding {
  const says = `${folder} is on the same disk as ${other}`
  const fix = 'its space is counted once for each, and both are lost together: name a folder on a disk of its own'
  return { check: 'disk', state: 'note', says, fix, details: { folder, other } }
}
