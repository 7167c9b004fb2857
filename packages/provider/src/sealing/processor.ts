/** What runs in the worker threads of sealing. Loaded by the queue, never imported by the daemon. */
import { type Processor, serveJobs } from '../queue/serve-jobs.ts'
import type { ProviderJobs } from './jobs.ts'
import { porepJob } from './porep-job.ts'
import { sealJob } from './seal-job.ts'
import { unsealJob } from './unseal-job.ts'

const processor: Processor = serveJobs<ProviderJobs>({ seal: sealJob, unseal: unsealJob, porep: porepJob })

export default processor
