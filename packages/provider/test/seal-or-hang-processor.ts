/** Seals nothing: what it is to write to a folder named `hung` hangs, and hears no signal, as on a disk that does. */
import { type Processor, serveJobs } from '../src/queue/serve-jobs.ts'
import type { ProviderJobs } from '../src/sealing/jobs.ts'

const notHere = (): never => {
  throw new Error('it is not done here')
}

const processor: Processor = serveJobs<ProviderJobs>({
  seal: async ({ sectors }, { onProgress }) => {
    onProgress({ position: 0, progress: { type: 'seal:layer', layer: 1, layers: 1 } })
    if (sectors.some(({ dir }) => dir.includes('hung'))) await new Promise<never>(() => setInterval(() => {}, 60_000))
    const result = { commD: '0x00', commR: '0x00', sealMs: 1, isWhole: true } as const
    return { sectors: sectors.map(() => ({ ok: true, result }) as const) }
  },
  parents: notHere,
  unseal: notHere,
  porep: notHere,
})

export default processor
