/** A gateway that has one CAR, and a chain that knows nobody: on a thread of its own, so that only reading is measured. */
import { createReadStream } from 'node:fs'
import { createServer } from 'node:http'
import { parentPort, workerData } from 'node:worker_threads'

const { car } = workerData as { readonly car: string }

const server = createServer((request, response) => {
  if (request.url?.startsWith('/ipfs/')) createReadStream(car, { highWaterMark: 1 << 20 }).pipe(response)
  else response.end(JSON.stringify({ height: 1, items: [], next: null }))
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  parentPort?.postMessage(`http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`)
})
