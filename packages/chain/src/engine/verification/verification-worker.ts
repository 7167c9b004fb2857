/** A thread that verifies: pure questions in, verdicts out. It holds no state and opens nothing. */
import { parentPort } from 'node:worker_threads'
import { verifyPoRep, verifyPost } from '@granary/proofs/verify'
import { decodeTransaction, transactionDigest } from '@granary/protocol/messages'
import { recoverSigner } from './recover-signer.ts'
import type { Answers, Task } from './tasks.ts'

parentPort?.on('message', (task: Task) => parentPort?.postMessage(answer(task)))

function answer(task: Task): Answers[keyof Answers] {
  switch (task.type) {
    case 'signers':
      return task.signed.map(({ digest, signature }) => recoverSigner(digest, signature))
    case 'digest':
      return transactionDigest(task.genesisHash, decodeTransaction(task.bytes).tx)
    case 'poRep':
      return verifyPoRep(task.input)
    case 'post':
      return verifyPost(task.input)
  }
}
