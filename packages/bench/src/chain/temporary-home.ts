/** A devnet's folder for a measurement, and the way to be rid of it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ChainHome, readHome } from '@granary/chain/internal'
import { initChain } from '@granary/chain/node'

export interface TemporaryHome extends ChainHome {
  readonly home: string
}

export async function withTemporaryHome<T>(work: (home: TemporaryHome) => Promise<T>): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), 'granary-bench-chain-'))
  try {
    await initChain({ home, devnet: true })
    return await work({ home, ...(await readHome(home)) })
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}
