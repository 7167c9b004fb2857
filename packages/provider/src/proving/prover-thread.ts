/** What runs in the prover's worker threads. Loaded by them, never imported by the daemon. */
import { type JobOutcome, toWireError } from '../wire-error.ts'
import { checkPieces, type PieceToCheck } from './check-pieces.ts'
import { postJob, type RehearsalResult, type SpacetimeInput, type SpacetimeResult } from './post-job.ts'
import { type SelfCheckInput, type SelfCheckResult, selfCheck, treeAgain } from './self-check.ts'

export async function answer(input: SpacetimeInput): Promise<JobOutcome<SpacetimeResult>> {
  return outcomeOf(() => postJob(input))
}

export async function rehearse(input: SpacetimeInput): Promise<JobOutcome<RehearsalResult>> {
  return outcomeOf(async () => {
    const result = await postJob(input)
    return 'damaged' in result ? result : { proveMs: result.proveMs }
  })
}

export async function check(input: SelfCheckInput): Promise<JobOutcome<SelfCheckResult>> {
  return outcomeOf(() => selfCheck(input))
}

export async function repairTree(input: SelfCheckInput): Promise<JobOutcome<null>> {
  return outcomeOf(() => treeAgain(input))
}

export async function pieces(input: readonly PieceToCheck[]): Promise<JobOutcome<null>> {
  return outcomeOf(() => checkPieces(input))
}

async function outcomeOf<Result>(work: () => Promise<Result>): Promise<JobOutcome<Result>> {
  try {
    return { ok: true, result: await work() }
  } catch (error) {
    return { ok: false, error: toWireError(error) }
  }
}
