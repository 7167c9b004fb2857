/** Which kernel seals here, for people who wonder why it is fast or slow. */
import type { KernelName } from './kernel/kernel.ts'
import { openKernel } from './kernel/open-kernel.ts'

/** @throws KernelChoiceError KERNEL_UNAVAILABLE when GRANARY_KERNEL asks for what is not there */
export function activeKernel(): { name: KernelName; reason: string } {
  const { kernel, reason } = openKernel()
  return { name: kernel.name, reason }
}
