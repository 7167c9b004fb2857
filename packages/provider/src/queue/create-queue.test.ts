import { jobQueueContract } from '../../test/job-queue-contract.ts'

jobQueueContract('pglite', async () => ({ stop: async () => {} }))
