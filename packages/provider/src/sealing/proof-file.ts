/** The proof of replication on disk, from the moment it is made until the chain has it. */
import { open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { moveFile } from '../storage/durable-files.ts'

const proofPath = (dir: string): string => join(dir, 'porep.proof')

export async function writeProof(dir: string, bundle: Uint8Array): Promise<void> {
  const temporary = `${proofPath(dir)}.tmp`
  const file = await open(temporary, 'w')
  try {
    await file.writeFile(bundle)
    await file.sync()
  } finally {
    await file.close()
  }
  await moveFile(temporary, proofPath(dir))
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
