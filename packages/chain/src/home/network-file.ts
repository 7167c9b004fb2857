/**
 * network.json of a chain's home: where a validator on CometBFT is reached and whom it reaches. A home that has it runs on
 * CometBFT, one that has not is its chain's only validator.
 */
import { readFile } from 'node:fs/promises'
import { GranaryError } from '@granary/base'
import * as z from 'zod'
import { homeFiles } from './home-files.ts'

const address = z.strictObject({ host: z.string().min(1), port: z.int().min(1).max(65_535) })

/** They stand in CometBFT's configuration. */
const url = z.string().regex(/^https?:\/\/[\w.:[\]-]+$/)

/** What a node that joins believes: a header, from which others follow. */
const stateSync = z.strictObject({
  /** CometBFT's own RPC of other nodes. */
  rpcServers: z.array(url).min(1).max(16),
  trustHeight: z.int().min(1),
  trustHash: z.string().regex(/^[0-9a-fA-F]{64}$/),
})

const SNAPSHOT_EVERY = 1_000

const network = z.strictObject({
  engine: z.literal('comet'),
  /** Where other validators reach this one. */
  p2p: address,
  /** CometBFT's own RPC, for this node alone. */
  rpc: address,
  peers: z.array(address.extend({ nodeId: z.string().regex(/^[0-9a-f]{40}$/) })),
  stateSync: stateSync.optional(),
  /** Blocks from one state that is kept for those who join to the next. */
  snapshotEvery: z.int().min(10).max(1_000_000).default(SNAPSHOT_EVERY),
  /** Blocks that CometBFT keeps. @default as many as a double vote counts for */
  keepBlocks: z.int().min(1_000).optional(),
})

export type Network = Readonly<z.output<typeof network>>

/** @returns undefined for a home without one @throws GranaryError NETWORK_INVALID */
export async function readNetwork(home: string): Promise<Network | undefined> {
  const path = homeFiles(home).network
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (Error.isError(error) && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    return network.parse(JSON.parse(text))
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : 'it is not JSON'
    throw new GranaryError({
      code: 'NETWORK_INVALID',
      message: `${path} does not say where this validator and its peers are reached: ${why}`,
      hint: 'correct it as docs/operations/validators.md shows, or remove it where the node is the only validator',
      details: { path },
      cause: error,
    })
  }
}

export function networkText(given: z.input<typeof network>): string {
  return `${JSON.stringify(given, null, 2)}\n`
}
