/** One thread and its queue. Questions about signatures that wait together go over together: a message costs more than a byte. */
import { Worker } from 'node:worker_threads'
import type { Answers, SignedDigest, Task } from './tasks.ts'

export interface VerificationThread {
  readonly alive: boolean
  /** Questions that have no answer yet. */
  readonly waiting: number
  /** @returns undefined when the thread has died, or dies before it answers */
  ask<T extends Task>(task: T): Promise<Answers[T['type']] | undefined>
  stop(): Promise<void>
}

interface Question {
  readonly task: Task
  resolve(answer: unknown): void
}

const SIGNATURES_PER_MESSAGE = 64

/** @param lost called when the thread ends without having been stopped */
export function createVerificationThread(lost: (message: string) => void): VerificationThread {
  const source = import.meta.url.endsWith('.ts')
  const worker = new Worker(new URL(`./verification-worker.${source ? 'ts' : 'js'}`, import.meta.url), {
    execArgv: source ? ['--conditions=@granary/source', '--disable-warning=ExperimentalWarning'] : [],
  })
  // A node that stops, or a test that ends, must not wait for it.
  worker.unref()
  let alive = true
  let queue: Question[] = []
  let asked: { readonly questions: readonly Question[]; readonly task: Task } | undefined

  function next(): void {
    if (asked !== undefined || queue.length === 0 || !alive) return
    const questions = takeTogether(queue)
    queue = queue.slice(questions.length)
    const task =
      questions.length === 1 ? questions[0]!.task : { type: 'signers' as const, signed: questions.flatMap(signedOf) }
    asked = { questions, task }
    worker.postMessage(task)
  }

  function giveUp(): void {
    alive = false
    for (const question of [...(asked?.questions ?? []), ...queue]) question.resolve(undefined)
    asked = undefined
    queue = []
  }

  worker.on('message', (answer: unknown) => {
    const questions = asked?.questions ?? []
    asked = undefined
    if (questions.length === 1) questions[0]!.resolve(answer)
    else share(questions, answer as Answers['signers'])
    next()
  })
  worker.on('error', (error) => {
    giveUp()
    lost(Error.isError(error) ? error.message : String(error))
  })
  worker.on('exit', giveUp)

  return {
    get alive() {
      return alive
    },
    get waiting() {
      return queue.length + (asked?.questions.length ?? 0)
    },
    ask<T extends Task>(task: T) {
      if (!alive) return Promise.resolve(undefined)
      return new Promise<Answers[T['type']] | undefined>((resolve) => {
        queue.push({ task, resolve: (answer) => resolve(answer as Answers[T['type']] | undefined) })
        next()
      })
    },
    async stop() {
      giveUp()
      await worker.terminate()
    },
  }
}

/** The first question, and those about signatures that follow it when it is one too. */
function takeTogether(queue: readonly Question[]): Question[] {
  const taken: Question[] = []
  let signatures = 0
  for (const question of queue) {
    const count = signedOf(question).length
    if (taken.length > 0 && (count === 0 || signatures === 0 || signatures + count > SIGNATURES_PER_MESSAGE)) break
    taken.push(question)
    signatures += count
  }
  return taken
}

function signedOf({ task }: Question): readonly SignedDigest[] {
  return task.type === 'signers' ? task.signed : []
}

function share(questions: readonly Question[], verdicts: Answers['signers']): void {
  let from = 0
  for (const question of questions) {
    const { length } = signedOf(question)
    question.resolve(verdicts.slice(from, from + length))
    from += length
  }
}
