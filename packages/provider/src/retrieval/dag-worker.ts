/** The thread that reads DAGs and pieces for the gateway: its own connection to the index, its own event loop. */
import { parentPort, workerData } from 'node:worker_threads'
import { GranaryError, type WireError } from '@granary/base'
import { answerDagCalls } from './answer-dag-calls.ts'
import { openBlockPlaces } from './block-index.ts'
import type { DagMessage, DagOrder, DagQuestion, DagReaderData } from './dag-calls.ts'
import { createDagReader } from './dag-reader.ts'
import { bytesIn, createLeafMemory, isInLeafMemory, leafMemoryOf } from './leaf-memory.ts'
import { createPieceBlocks } from './piece-blocks.ts'

const send = (message: DagMessage, transfer: ArrayBuffer[] = []): void => parentPort!.postMessage(message, transfer)
const data = workerData as DagReaderData
let { denylists } = data
const memory = createLeafMemory()
const blocks = createPieceBlocks(
  openBlockPlaces(data.indexPath),
  (event) => send({ event }),
  () => denylists,
  memory,
)
const answer = answerDagCalls(createDagReader(blocks), blocks, giveBack)

parentPort!.on('message', (message: DagQuestion | DagOrder) => {
  if ('denylists' in message) {
    denylists = message.denylists
    return
  }
  if ('memory' in message) return memory.giveBack(message.memory)
  const { id, call } = message
  answer(id, call).then(
    (value) => send({ id, value }, handedOver(value)),
    (error: unknown) => send({ id, error: wireOf(error) }),
  )
})

/** Of a leaf that never left this thread. */
function giveBack(bytes: Uint8Array): void {
  if (!isInLeafMemory(bytes)) return
  memory.handOver(bytes.buffer)
  memory.giveBack(bytes.buffer)
}

/** The bytes of an answer are its reader's own, until it gives them back. */
function handedOver(value: unknown): ArrayBuffer[] {
  const lent = leafMemoryOf(value)
  if (lent !== undefined) memory.handOver(lent)
  const bytes = bytesIn(value)
  return bytes === undefined || lent !== undefined ? [] : [bytes.buffer as ArrayBuffer]
}

function wireOf(error: unknown): WireError {
  if (GranaryError.is(error)) return error.toJSON()
  const message = Error.isError(error) ? error.message : String(error)
  const hint = 'this is a fault of the provider: tell its operator'
  return new GranaryError({ code: 'INTERNAL', message, hint }).toJSON()
}
