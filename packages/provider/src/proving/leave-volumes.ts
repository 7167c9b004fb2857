/**
 * A prover that gives up what reads from a volume, once that volume is said to be away: a read of a disk that hangs does not return,
 * and its thread is another's from then on. Asked again, it is told of a folder that is not there (`Volumes.pathOf`).
 */
import { sep } from 'node:path'
import { type Prover, ProverError } from './prover.ts'

export interface LeavingProver extends Prover {
  /** Ends what reads from there. */
  leave(volume: string): void
}

export function leaveVolumes(prover: Prover): LeavingProver {
  const running = new Set<{ readonly dirs: readonly string[]; readonly stop: AbortController }>()

  async function reading<Result>(
    sectors: readonly { readonly dir: string }[],
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const own = { dirs: sectors.map(({ dir }) => dir), stop: new AbortController() }
    running.add(own)
    try {
      return await work(AbortSignal.any([signal, own.stop.signal]))
    } finally {
      running.delete(own)
    }
  }

  return {
    ...prover,
    answer: (input, signal) => reading(input.sectors, signal, (either) => prover.answer(input, either)),
    rehearse: (input, signal) => reading(input.sectors, signal, (either) => prover.rehearse(input, either)),
    check: (input, signal) => reading([input.sector], signal, (either) => prover.check(input, either)),
    repairTree: (input, signal) => reading([input.sector], signal, (either) => prover.repairTree(input, either)),
    leave: (volume) => {
      for (const { dirs, stop } of running)
        if (dirs.some((dir) => dir.startsWith(volume + sep)))
          stop.abort(
            new ProverError({
              code: 'PROVER_THREAD_LOST',
              message: `the volume ${volume} does not answer, and sectors on it were being read`,
              hint: 'It is tried again without them. Look at the disk, or at the server that it is mounted from.',
            }),
          )
    },
  }
}
