/** How a provider's proofs stand: what the chain has of each partition, beside what its daemon has written down of them. */
import { profileNamed } from '@granary/proofs/profile'
import type { ChainClient, MemberView, PartitionView } from '@granary/protocol/client'
import { readConfig } from '../config.ts'
import { createProver } from '../proving/prover.ts'
import { type AnswerRecord, type CheckRecord, type ReadinessFile, readReadiness } from '../proving/readiness.ts'
import { readScrub } from '../proving/scrub-record.ts'
import { createVolumes } from '../storage/create-volumes.ts'
import { providerFolders } from '../storage/folders.ts'
import { readWitness } from '../storage/witness.ts'

export interface ProvingSources {
  readonly chain: ChainClient
  readonly provider: number
  /** Whose daemon it is. */
  readonly home: string
  readonly signal?: AbortSignal | undefined
}

export interface PartitionProving extends PartitionView {
  /** The last challenge of the provider's own; null: none is known of here. */
  readonly lastCheck: CheckRecord | null
  /** What its own challenge took, of the time that the chain leaves for an answer; null: it did not pass, or none is known. */
  readonly windowShare: number | null
  readonly lastAnswer: AnswerRecord | null
}

export interface FaultySector {
  readonly partition: number
  readonly sector: number
  /** By the chain; a sector that is damaged may be sound there still. */
  readonly faulty: boolean
  /** Why it does not prove; null: nothing is known to be wrong with it here. */
  readonly reason: string | null
  /** Taken out by its owner: it is not asked back. */
  readonly isMaintained: boolean
}

export interface CheckedSector {
  readonly partition: number
  readonly sector: number
  /** Null: it proves. */
  readonly reason: string | null
  /** When its replica was last read whole and found as it was sealed; null: not yet. */
  readonly readAtMs: number | null
}

export async function provingStatus(sources: ProvingSources): Promise<PartitionProving[]> {
  const { chain, provider, signal } = sources
  const [partitions, { blockTimeMs }, { profiles }] = await Promise.all([
    chain.partitions(provider, { signal }),
    chain.status({ signal }),
    chain.params({ signal }),
  ])
  const known = readinessIn(sources)
  return partitions.map((view) => {
    const lastCheck = known?.checks.find(({ partition }) => partition === view.number) ?? null
    const { responseWindow = 0 } = profiles.find(({ name }) => name === view.profile) ?? {}
    const windowMs = responseWindow * blockTimeMs
    const isPassed = lastCheck !== null && lastCheck.failed.length === 0
    return {
      ...view,
      lastCheck,
      windowShare: isPassed && windowMs > 0 ? lastCheck.tookMs / windowMs : null,
      lastAnswer: known?.answers.findLast(({ partition }) => partition === view.number) ?? null,
    }
  })
}

/** Faulty by the chain, or damaged by what the daemon has seen. */
export async function provingFaults(sources: ProvingSources): Promise<FaultySector[]> {
  const { chain, provider, signal, home } = sources
  const config = await readConfig(providerFolders(home).config).catch(() => undefined)
  const maintained = new Set(config?.maintenance)
  const damaged = new Map((readinessIn(sources)?.damaged ?? []).map(({ number, reason }) => [number, reason]))
  const found: FaultySector[] = []
  for (const { number: partition, sectors, sound } of await chain.partitions(provider, { signal })) {
    if (sectors === sound && damaged.size === 0) continue
    for await (const { number, state } of chain.members({ provider, partition }, undefined, { signal })) {
      const reason = damaged.get(number) ?? null
      if (state === 'sound' && reason === null) continue
      found.push({
        partition,
        sector: number,
        faulty: state === 'faulty',
        reason,
        isMaintained: maintained.has(number),
      })
    }
  }
  return found
}

/** The newest last; empty where no daemon has written any down. */
export function provingHistory(sources: Pick<ProvingSources, 'home'>): readonly AnswerRecord[] {
  return readinessIn(sources)?.answers ?? []
}

/** Proves sectors alone, on challenges that are made up: those that are named, or all. It only reads, beside the daemon or without it. */
export async function* checkSectors(sources: ProvingSources, which: readonly number[]): AsyncGenerator<CheckedSector> {
  const { chain, provider, home, signal = new AbortController().signal } = sources
  const folders = providerFolders(home)
  const config = await readConfig(folders.config)
  const volumes = createVolumes(folders, () => config, { homeId: readWitness(folders.homeRecord)?.homeId })
  const read = new Map(readScrub(folders.scrub).map(({ number, readAtMs }) => [number, readAtMs]))
  const prover = createProver()
  const isWanted = ({ number }: MemberView): boolean => which.length === 0 || which.includes(number)
  try {
    for (const { number: partition, profile } of await chain.partitions(provider, { signal }))
      for await (const member of chain.members({ provider, partition }, undefined, { signal })) {
        if (!isWanted(member)) continue
        const { number, commR } = member
        const sector = { number, commR, dir: volumes.pathOf({ kind: 'sector', number }) }
        const input = { profile: profileNamed(profile).name, provider, sector }
        const readAtMs = read.get(number) ?? null
        yield { partition, sector: number, reason: await prover.check(input, signal), readAtMs }
      }
  } finally {
    await prover.stop()
  }
}

function readinessIn({ home }: Pick<ProvingSources, 'home'>): ReadinessFile | undefined {
  return readReadiness(providerFolders(home).readiness)
}
