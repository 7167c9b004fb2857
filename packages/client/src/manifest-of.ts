/** What a put needs to know of a DAG that was read. */
import type { DagManifest } from '@granary/content'
import type { Manifest } from './ports.ts'

export function manifestOf({ root, name, fileBytes, blocks, cuts }: DagManifest): Manifest {
  const pieces = cuts.map(({ payloadSize, pieceSize }) => ({ payloadSize, pieceSize }))
  return { rootCid: root.toString(), name, fileBytes, blocks, pieces }
}
