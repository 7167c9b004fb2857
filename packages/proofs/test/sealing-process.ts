/** A process of its own that seals a sector, until it is killed. It says where it begins each layer: "<layer> <done>". */
import { sealSector } from '../src/seal/index.ts'
import { longLayers } from './long-layers.ts'
import { sealInput } from './sealed-sector.ts'

let layer = 0
await sealSector(await sealInput(process.argv[2]!, longLayers, [1_000_000]), {
  onProgress: (progress) => {
    if (progress.type !== 'seal:labels' || progress.layer === layer) return
    layer = progress.layer
    process.stdout.write(`${layer} ${progress.done}\n`)
  },
})
