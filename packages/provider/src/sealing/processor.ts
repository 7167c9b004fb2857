/** What runs in the worker threads of sealing. Loaded by the queue, never imported by the daemon. */
import { type JobContext, type Processor, serveJobs } from '../queue/serve-jobs.ts'
import type { ProviderJobs } from './jobs.ts'
import { onSharedFolders, thisMachine } from './machine.ts'
import { parentsJob } from './parents-job.ts'
import { porepJob } from './porep-job.ts'
import { sealJob } from './seal-job.ts'
import { unsealJob } from './unseal-job.ts'

const machine = thisMachine()

/** By the tables of this machine, where it has its own. */
function withTables<Input extends { readonly parentsDir: string }>(input: Input): Input {
  return { ...input, parentsDir: machine.parentsDir ?? input.parentsDir }
}

function here<Input extends { readonly parentsDir: string }, Progress, Result>(
  job: (input: Input, context: JobContext<Progress>) => Promise<Result>,
) {
  return (input: Input, context: JobContext<Progress>): Promise<Result> =>
    onSharedFolders(machine, () => job(withTables(input), context))
}

const processor: Processor = serveJobs<ProviderJobs>({
  seal: ({ sectors }, context) =>
    onSharedFolders(machine, () => sealJob({ sectors: sectors.map(withTables) }, context, machine)),
  parents: here(parentsJob),
  unseal: here(unsealJob),
  porep: here(porepJob),
})

export default processor
