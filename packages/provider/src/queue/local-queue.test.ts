import { jobQueueContract } from '../../test/job-queue-contract.ts'

jobQueueContract('local', async () => ({ stop: async () => {} }))
