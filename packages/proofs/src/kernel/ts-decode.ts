/** A range of a replica without its key, as payload. docs/spec/proofs.md section 7. */
import { open } from 'node:fs/promises'
import { readExactly } from '../io/read-exactly.ts'
import { subtractNodes } from '../spec/field.ts'
import { UNIT_PADDED_BYTES, UNIT_PAYLOAD_BYTES, unpadFr32 } from '../spec/fr32.ts'
import { sectorChunks } from '../spec/sector-chunks.ts'
import type { DecodeJob } from './kernel.ts'

export async function decode(job: DecodeJob): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const replica = stack.use(await open(job.replicaPath))
  const key = stack.use(await open(job.keyPath))
  const out = stack.use(await open(job.outPath, 'w'))
  let left = job.payloadSize
  for (const { offset, length } of sectorChunks(Math.ceil(left / UNIT_PAYLOAD_BYTES) * UNIT_PADDED_BYTES)) {
    job.signal?.throwIfAborted()
    const nodes = await readExactly(replica, job.offset + offset, length)
    subtractNodes(nodes, await readExactly(key, job.offset + offset, length), nodes)
    const payload = unpadFr32(nodes).subarray(0, left)
    await out.writeFile(payload)
    left -= payload.length
  }
  await out.sync()
}
