/** granary tools bench chain --engine comet: how fast validators on CometBFT agree on this machine. */
import type { ChainFigure } from '@granary/bench/chain'
import type { NetworkBenchOptions } from '@granary/bench/network'
import { self } from '../../devnet/self.ts'
import { loadBenchmarks } from './load-benchmarks.ts'

export type ValidatorPart = 'agreement' | 'seal'

export async function measureValidators(
  parts: readonly ValidatorPart[],
  options: Omit<NetworkBenchOptions, 'program'>,
): Promise<ChainFigure[]> {
  const { benchAgreement, benchSeal } = await loadBenchmarks(() => import('@granary/bench/network'))
  const benches: Readonly<Record<ValidatorPart, typeof benchSeal>> = { agreement: benchAgreement, seal: benchSeal }
  const figures: ChainFigure[] = []
  for (const part of parts) figures.push(...(await benches[part]({ ...options, program: self() })))
  return figures
}
