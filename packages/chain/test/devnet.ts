/** A devnet of one node in a temporary folder, in this process, over real HTTP. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ChainClient, createChainClient } from '@granary/protocol/client'
import { accountSigner, type Signer } from '@granary/protocol/messages'
import { initChain, type RunningChain, runChain } from '../src/main.ts'
import type { AddressLimits } from '../src/rpc/address-limits.ts'

export const BLOCK_TIME_MS = 50

export interface Devnet {
  readonly home: string
  readonly node: RunningChain
  readonly chain: ChainClient
  remove(): Promise<void>
}

export async function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'granary-chain-'))
}

export interface DevnetOptions {
  readonly blockTimeMs?: number
  readonly addressLimits?: AddressLimits
}

export async function startDevnet({
  blockTimeMs = BLOCK_TIME_MS,
  addressLimits = {},
}: DevnetOptions = {}): Promise<Devnet> {
  const home = await temporaryFolder()
  await initChain({ home, devnet: true, blockTimeMs })
  const node = await runChain({ home, port: 0, addressLimits })
  return {
    home,
    node,
    chain: createChainClient({ url: node.url }),
    async remove() {
      await node.stop()
      await rm(home, { recursive: true })
    },
  }
}

export function newSigner(): Signer {
  return accountSigner(randomBytes(32))
}

/** An account with money from the faucet. */
export async function fundedSigner(chain: ChainClient): Promise<Signer> {
  const signer = newSigner()
  await chain.faucet(signer.address)
  return signer
}
