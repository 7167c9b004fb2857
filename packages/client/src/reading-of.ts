/** How a source is read into a DAG, as the content package is told. */
import type { ReadManifestOptions } from '@granary/content'
import type { Source, SpoolReadOptions } from './ports.ts'

export function readingOf({ profile, wrap }: Source, { isLeftOut, ...options }: SpoolReadOptions): ReadManifestOptions {
  return { ...options, profile, wrap: wrap && { name: wrap.name, isLeftOut } }
}
