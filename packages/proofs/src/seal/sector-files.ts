/** The files of a sector's folder. */
import { join } from 'node:path'

export interface SectorFiles {
  readonly manifest: string
  readonly replica: string
  readonly treeC: string
  readonly treeD: string
  readonly treeR: string
  /** Layers 1 … L. */
  layer(layer: number): string
  /** A layer while it is made, and how much of it is sound. */
  layerPart(layer: number): string
  layerCheckpoint(layer: number): string
}

export function sectorFiles(dir: string): SectorFiles {
  return {
    manifest: join(dir, 'manifest.json'),
    replica: join(dir, 'replica'),
    treeC: join(dir, 'tree-c'),
    treeD: join(dir, 'tree-d'),
    treeR: join(dir, 'tree-r'),
    layer: (layer) => join(dir, `layer-${layer}`),
    layerPart: (layer) => join(dir, `layer-${layer}.part`),
    layerCheckpoint: (layer) => join(dir, `layer-${layer}.checkpoint`),
  }
}
