/** A process of its own that seals a sector and is killed, as by kill −9, soon after it began the second layer. */

import { sealSector } from '../src/seal/index.ts'
import { profiles } from '../src/spec/profile.ts'
import { sealInput } from './sealed-sector.ts'

const input = await sealInput(process.argv[2]!, profiles['8MiB-dev'], [1_000_000])
await sealSector(input, {
  onProgress: (progress) => {
    if (progress.type === 'seal:layer') setTimeout(() => process.kill(process.pid, 'SIGKILL'), 20)
  },
})
