/**
 * Chooses the kernel: the native one built at install, by the SHA extensions where the CPU has them, or its TypeScript
 * twin where there is none; GRANARY_KERNEL=ts|c|shani decides.
 */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { GranaryError } from '@granary/base'
import type { Addon } from './addon.ts'
import type { Kernel, KernelName } from './kernel.ts'
import { createNativeKernel } from './native-kernel.ts'
import { createTsKernel } from './ts-kernel.ts'

/** That of native/addon.c: a kernel built from older sources is not used. */
export const KERNEL_VERSION = 3
const NAMES: readonly string[] = ['ts', 'c', 'shani'] satisfies KernelName[]

export class KernelChoiceError extends GranaryError {
  constructor(message: string) {
    super({
      code: 'KERNEL_UNAVAILABLE',
      message,
      hint: 'unset GRANARY_KERNEL, or set it to ts; native kernels are built at install by a C compiler',
    })
  }
}

export interface OpenedKernel {
  readonly kernel: Kernel
  /** Why this one, in a sentence for people. */
  readonly reason: string
}

/** @throws KernelChoiceError KERNEL_UNAVAILABLE when GRANARY_KERNEL asks for what is not there */
export function openKernel(): OpenedKernel {
  const wanted = process.env.GRANARY_KERNEL || undefined
  if (wanted !== undefined && !NAMES.includes(wanted))
    throw new KernelChoiceError(`GRANARY_KERNEL is "${wanted}", and there are the kernels ts, c and shani`)
  const asked = 'GRANARY_KERNEL asks for it'
  if (wanted === 'ts') return { kernel: createTsKernel(), reason: asked }
  const addon = loadAddon()
  if (typeof addon === 'string') {
    if (wanted !== undefined) throw new KernelChoiceError(`GRANARY_KERNEL asks for the kernel ${wanted}, but ${addon}`)
    return { kernel: createTsKernel(), reason: addon }
  }
  if (wanted === 'shani' && !addon.shani)
    throw new KernelChoiceError('GRANARY_KERNEL asks for the kernel shani, but this CPU has no SHA extensions')
  if (wanted === 'c' || wanted === 'shani') return { kernel: createNativeKernel(addon, wanted), reason: asked }
  return addon.shani
    ? { kernel: createNativeKernel(addon, 'shani'), reason: 'built at install, and this CPU has the SHA extensions' }
    : { kernel: createNativeKernel(addon, 'c'), reason: 'built at install; this CPU has no SHA extensions' }
}

/** The addon, or why there is none. */
function loadAddon(): Addon | string {
  const path = fileURLToPath(new URL('../../native/build/granary-proofs.node', import.meta.url))
  if (!existsSync(path)) {
    const reasonPath = fileURLToPath(new URL('../../native/build/reason.txt', import.meta.url))
    return existsSync(reasonPath) ? readFileSync(reasonPath, 'utf8').trim() : 'the C kernel was not built at install'
  }
  try {
    const addon = createRequire(import.meta.url)(path) as Addon
    if (addon.version === KERNEL_VERSION) return addon
    return `the C kernel is of version ${addon.version}, not ${KERNEL_VERSION}: run the install again`
  } catch (error) {
    return `the C kernel does not load: ${Error.isError(error) ? error.message : String(error)}`
  }
}
