/** Chooses the kernel: C where it was built at install, its TypeScript twin otherwise; GRANARY_KERNEL=ts|c decides. */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { GranaryError } from '@granary/errors'
import { type Addon, createCKernel } from './c-kernel.ts'
import type { Kernel } from './kernel.ts'
import { createTsKernel } from './ts-kernel.ts'

/** That of native/addon.c: a kernel built from older sources is not used. */
const KERNEL_VERSION = 1

export class KernelChoiceError extends GranaryError {
  constructor(message: string) {
    super({
      code: 'KERNEL_UNAVAILABLE',
      message,
      hint: 'unset GRANARY_KERNEL, or set it to ts; the C kernel is built at install by a C compiler',
      retryable: false,
    })
  }
}

export interface OpenedKernel {
  readonly kernel: Kernel
  /** Why this one, in a sentence for people. */
  readonly reason: string
}

export function openKernel(): OpenedKernel {
  const wanted = process.env.GRANARY_KERNEL || undefined
  if (wanted !== undefined && wanted !== 'c' && wanted !== 'ts')
    throw new KernelChoiceError(`GRANARY_KERNEL is "${wanted}", and there are the kernels c and ts`)
  if (wanted === 'ts') return { kernel: createTsKernel(), reason: 'GRANARY_KERNEL asks for it' }
  const addon = loadAddon()
  if (typeof addon !== 'string')
    return { kernel: createCKernel(addon), reason: `built at install; SHA-256: ${addon.sha256}` }
  if (wanted === 'c') throw new KernelChoiceError(`GRANARY_KERNEL asks for the C kernel, but ${addon}`)
  return { kernel: createTsKernel(), reason: addon }
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
