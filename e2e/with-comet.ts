/** A test that needs the real CometBFT. It is skipped, with the reason in its name, where that cannot be built. */
import { test } from '@jest/globals'
import { cometCanBeBuilt, whyNoComet } from './comet.ts'

export function withComet(name: string, body: () => Promise<void>, timeoutMs: number): void {
  const run = cometCanBeBuilt ? test : test.skip
  run(`${name}${whyNoComet}`, body, timeoutMs)
}
