/** Which kernel seals here, for people who wonder why it is fast or slow, and for machines that seal for one another. */
import { createHash } from 'node:crypto'
import { bytesToHex } from '@noble/hashes/utils.js'
import type { KernelName } from './kernel/kernel.ts'
import { KERNEL_VERSION, openKernel } from './kernel/open-kernel.ts'
import { MANIFEST_VERSION } from './seal/manifest.ts'
import { profiles } from './spec/profile.ts'

/** @throws KernelChoiceError KERNEL_UNAVAILABLE when GRANARY_KERNEL asks for what is not there */
export function activeKernel(): { name: KernelName; reason: string } {
  const { kernel, reason } = openKernel()
  return { name: kernel.name, reason }
}

/** What two machines have to have in common, so that one goes on where the other has stopped. */
export interface SealingVersion {
  /** Native kernels give the same bytes and leave the same checkpoints; where one is at work, its TypeScript twin would take days. */
  readonly kernel: string
  /** Of all profiles. */
  readonly parameters: string
}

/** @throws KernelChoiceError KERNEL_UNAVAILABLE */
export function sealingVersion(): SealingVersion {
  const { name } = activeKernel()
  const parameters = Object.values(profiles).map((profile) => ({
    ...{ name: profile.name, nodes: profile.nodes, layers: profile.layers, challenges: profile.challenges },
    porepId: bytesToHex(profile.porepId),
  }))
  const digest = createHash('sha256').update(JSON.stringify({ MANIFEST_VERSION, parameters })).digest('hex')
  return { kernel: name === 'ts' ? 'TypeScript' : `native ${KERNEL_VERSION}`, parameters: digest.slice(0, 16) }
}
