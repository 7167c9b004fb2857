/**
 * Parents tables, made ahead: without one the first sector of a profile waits for it, for minutes from `4GiB` on. Workers
 * on other machines make their own with their first sector.
 */
import { statfs } from 'node:fs/promises'
import { makeFolder } from '@granary/base/node'
import type { NamedProfile } from '@granary/proofs/profile'
import { DiskError, hasParentsTable, sealNeeds } from '@granary/proofs/seal'
import { describeError } from '../describe-error.ts'
import type { JobQueue } from '../queue/job-queue.ts'
import type { ProviderJobs } from '../sealing/jobs.ts'
import type { SealingLog } from '../sectors/sealing-log.ts'

export interface MakeTablesOptions {
  /** Of this machine. */
  readonly queue: Pick<JobQueue<ProviderJobs>, 'run'>
  readonly profiles: readonly NamedProfile[]
  readonly parentsDir: string
  /** What stays free on its disk. */
  readonly reserveBytes: (folder: string) => number
  readonly log: SealingLog
}

/** Smaller ones are made within a second or two, and need no thread before there is something to seal. */
const AHEAD_FROM_BYTES = 2 ** 28

/** One after the other. What fails is logged, and tried again when a sector needs it. */
export async function makeTables(options: MakeTablesOptions, signal: AbortSignal): Promise<void> {
  const { queue, profiles, parentsDir, log } = options
  for (const profile of profiles) {
    if (sealNeeds(profile, 1).parentsBytes < AHEAD_FROM_BYTES) continue
    if (await hasParentsTable({ ...profile, dir: parentsDir })) continue
    const startedMs = performance.now()
    try {
      await requireRoom(profile, options)
      const input = { profile: profile.name, parentsDir }
      await queue.run({ kind: 'parents', id: `parents.${profile.name}`, input }, { signal })
      log({ type: 'parents:made', profile: profile.name, ms: Math.round(performance.now() - startedMs) })
    } catch (error) {
      if (signal.aborted) return
      log({ type: 'parents:failed', profile: profile.name, ...describeError(error, parentsDir, 'SEALING_FAILED') })
    }
  }
}

/** @throws DiskError DISK_TOO_SMALL */
async function requireRoom(profile: NamedProfile, { parentsDir, reserveBytes }: MakeTablesOptions): Promise<void> {
  const { parentsBytes } = sealNeeds(profile, 1)
  await makeFolder(parentsDir)
  const { bavail, bsize } = await statfs(parentsDir)
  const freeBytes = Math.max(0, bavail * bsize - reserveBytes(parentsDir))
  if (parentsBytes > freeBytes) throw new DiskError(parentsDir, parentsBytes, freeBytes)
}
