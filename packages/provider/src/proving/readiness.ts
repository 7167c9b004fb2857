/**
 * How ready a provider is to prove: the last made-up challenge that each partition answered, how long real answers took from
 * their challenge to the block that holds them, and what is damaged. Kept in a file of its own beside the store, so that
 * it can be read while the provider runs and after it has ended; a lost one is begun anew.
 */
import { readFileSync } from 'node:fs'
import { writeFileDurably } from '@granary/base/node'
import * as z from 'zod'
import type { Alerts } from '../alerts.ts'
import type { DamagedSector } from './sector-health.ts'

const answer = z.object({
  partition: z.number(),
  challengeEpoch: z.number(),
  deadline: z.number(),
  /** The block that holds it. */
  epoch: z.number(),
  proveMs: z.number(),
  /** Numbers of sectors that it does not prove. */
  skipped: z.array(z.number()),
})
export type AnswerRecord = z.infer<typeof answer>

const check = z.object({
  partition: z.number(),
  atMs: z.number(),
  /** Of all its sectors together, on this machine; 0 for one that failed. */
  tookMs: z.number(),
  /** Numbers of sectors that did not prove. */
  failed: z.array(z.number()),
})
export type CheckRecord = z.infer<typeof check>

const readinessFile = z.object({
  schemaVersion: z.literal(1),
  writtenAtMs: z.number(),
  /** The last of each partition. */
  checks: z.array(check),
  /** Behind which the sectors are that have waited longest for a check of their own. */
  sectorCursor: z.number(),
  damaged: z.array(z.object({ number: z.number(), reason: z.string(), isLost: z.boolean() })),
  /** The newest last. */
  answers: z.array(answer),
})
export type ReadinessFile = z.infer<typeof readinessFile>

export interface Readiness {
  checked(check: CheckRecord): void
  /** When the partition was last checked; undefined: never, as far as is known. */
  checkedAtMs(partition: number): number | undefined
  answered(answer: AnswerRecord): void
  sectorChecked(number: number): void
  sectorCursor(): number
  /** Writes down what has changed; a disk that takes nothing keeps nobody from proving. */
  save(damaged: readonly DamagedSector[]): Promise<void>
}

const ANSWERS_MAX = 500
/** Of its window: an answer that took longer is one that a slower disk, or a busier chain, would have made too late. */
const LATE_SHARE = 0.5
const SAVE_EVERY_MS = 2_000
/** The longer the file, the less often it is made and written: of a thousand partitions once a minute. */
const SAVE_BYTES_A_MS = 3

export function openReadiness(path: string, alerts: Alerts): Readiness {
  const known = orNothing(() => readReadiness(path))
  const checks = new Map((known?.checks ?? []).map((each) => [each.partition, each]))
  const answers = [...(known?.answers ?? [])]
  let cursor = known?.sectorCursor ?? 0
  let saveAtMs = 0
  let written = ''
  return {
    checkedAtMs: (partition) => checks.get(partition)?.atMs,
    checked: (record) => void checks.set(record.partition, record),
    answered: (record) => {
      answers.push(record)
      if (answers.length > ANSWERS_MAX) answers.shift()
      warnIfLate(record, alerts)
    },
    sectorChecked: (number) => {
      cursor = number
    },
    sectorCursor: () => cursor,
    save: async (damaged) => {
      if (Date.now() < saveAtMs) return
      const facts = { checks: [...checks.values()], sectorCursor: cursor, damaged, answers }
      const text = JSON.stringify(facts)
      const writtenAtMs = Date.now()
      saveAtMs = writtenAtMs + Math.max(SAVE_EVERY_MS, text.length / SAVE_BYTES_A_MS)
      if (text === written) return
      await writeFileDurably(path, JSON.stringify({ schemaVersion: 1, writtenAtMs, ...facts })).then(
        () => {
          written = text
        },
        () => {},
      )
    },
  }
}

/** Undefined when no provider has written one. @throws what is wrong with the file */
export function readReadiness(path: string): ReadinessFile | undefined {
  const text = orNothing(() => readFileSync(path, 'utf8'))
  return text === undefined ? undefined : readinessFile.parse(JSON.parse(text))
}

function orNothing<Result>(read: () => Result): Result | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

function warnIfLate({ partition, challengeEpoch, deadline, epoch, proveMs }: AnswerRecord, alerts: Alerts): void {
  const subject = `partition ${partition}`
  const share = (epoch - challengeEpoch) / Math.max(1, deadline - challengeEpoch)
  if (share <= LATE_SHARE) return void alerts.clear('ANSWER_LATE', subject)
  alerts.raise({
    code: 'ANSWER_LATE',
    subject,
    message: `an answer of partition ${partition} was in block ${epoch}, ${epoch - challengeEpoch} epochs after its challenge, of ${deadline - challengeEpoch}; ${proveMs} ms of that were its proof`,
    hint: 'a proof that is missed costs its sectors a fault: see what else keeps the disk busy, and whether messages wait long for a block',
  })
}
