/** The proof of replication on disk, from the moment it is made until the chain has it. */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileDurably } from '@granary/base/node'

const proofPath = (dir: string): string => join(dir, 'porep.proof')

export async function writeProof(dir: string, bundle: Uint8Array): Promise<void> {
  await writeFileDurably(proofPath(dir), bundle)
}

/** Undefined when there is none of that length: then it is made again. */
export async function readProof(dir: string, bytes: number): Promise<Uint8Array | undefined> {
  try {
    const bundle = await readFile(proofPath(dir))
    return bundle.length === bytes ? new Uint8Array(bundle) : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

export async function removeProof(dir: string): Promise<void> {
  await rm(proofPath(dir), { force: true })
}
