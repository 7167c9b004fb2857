/** The thread that reads DAGs for the gateway: its own connection to the index, its own event loop. */
import { parentPort, workerData } from 'node:worker_threads'
import { GranaryError, type WireError } from '@granary/base'
import { answerDagCalls } from './answer-dag-calls.ts'
import { openBlockPlaces } from './block-index.ts'
import type { DagMessage, DagQuestion, DagReaderData, Denylists } from './dag-calls.ts'
import { createDagReader } from './dag-reader.ts'
import { createPieceBlocks } from './piece-blocks.ts'

const send = (message: DagMessage, transfer: ArrayBuffer[] = []): void => parentPort!.postMessage(message, transfer)
const data = workerData as DagReaderData
let { denylists } = data
const blocks = createPieceBlocks(
  openBlockPlaces(data.indexPath),
  (event) => send({ event }),
  () => denylists,
)
const answer = answerDagCalls(createDagReader(blocks))

parentPort!.on('message', (message: DagQuestion | Denylists) => {
  if ('denylists' in message) {
    denylists = message.denylists
    return
  }
  const { id, call } = message
  answer(id, call).then(
    (value) => send({ id, value }, value instanceof Uint8Array ? [value.buffer as ArrayBuffer] : []),
    (error: unknown) => send({ id, error: wireOf(error) }),
  )
})

function wireOf(error: unknown): WireError {
  if (GranaryError.is(error)) return error.toJSON()
  const message = Error.isError(error) ? error.message : String(error)
  const hint = 'this is a fault of the provider: tell its operator'
  return new GranaryError({ code: 'INTERNAL', message, hint }).toJSON()
}
